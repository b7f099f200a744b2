import { expect } from 'chai';
import { messageFor } from 'passport-jaccount';
import { type RunningExample, startExample } from '../support/example';
import { UserAgent, type Visit } from '../support/user-agent';

describe('app.passport.verify() of egg', () => {
  let running: RunningExample;

  before(async () => {
    running = await startExample('../test/fixtures/egg/refusing.js');
  });

  after(() => running?.stop());

  it('refuses a user by false', async () => {
    const refused = await signIn('zhaoyichen');

    expect(refused.status).to.equal(401);
    expect(refused.json().problem).to.match(/^这个网站没有接受您的账号。/);
  });

  it('answers 500 where it throws, and tells the log alone why', async () => {
    const failed = await signIn('linmuqing');

    expect(failed.status).to.equal(500);
    expect(failed.json().problem).to.equal(messageFor(new Error(), 'zh'));
    await running.logged('of the application');
  });

  it('chooses the user of the application', async () => {
    const home = await signIn('xuguilai');

    expect(home.json()).to.deep.equal({ account: 'somebody' });
  });

  it('leads back to the page that the user wanted', async () => {
    const page = await signIn('xuguilai', '/students');

    expect(page.url).to.equal(`${running.url}/students`);
  });

  async function signIn(account: string, start = '/passport/jaccount'): Promise<Visit> {
    const agent = new UserAgent();
    const loginPage = await agent.follow(await agent.get(`${running.url}${start}`));
    return agent.follow(await agent.choose(loginPage, account));
  }
});
