import { expect } from 'chai';
import { affiliationOf, type JaccountProfile, JaccountStrategy } from 'passport-jaccount';
import { type Account, type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { type Application, startApplication } from '../support/application';
import { UserAgent } from '../support/user-agent';

const former: Account = {
  account: 'yuanli',
  name: '袁离',
  userType: 'faculty',
  identities: [{ userType: 'faculty', status: '离职', expireDate: '2024-06-30', isDefault: true }],
};

// The two checks of the documentation: the second one is the example of affiliationOf().
const checks = {
  'that looks at affiliationOf() alone': (profile: JaccountProfile) => affiliationOf(profile).staff,
  'that refuses a profile without identities': (profile: JaccountProfile) =>
    profile.identities && affiliationOf(profile).staff,
};
const rows: [check: keyof typeof checks, account: string, ticked: string[], exit: string][] = [
  ['that looks at affiliationOf() alone', 'linmuqing', ['openid', 'essential'], 'success'],
  ['that looks at affiliationOf() alone', 'yuanli', ['openid', 'essential'], 'fail'],
  // The gap that the documentation names: without identities the user type decides.
  ['that looks at affiliationOf() alone', 'yuanli', ['openid'], 'success'],
  ['that refuses a profile without identities', 'linmuqing', ['openid', 'essential'], 'success'],
  ['that refuses a profile without identities', 'yuanli', ['openid', 'essential'], 'fail'],
  ['that refuses a profile without identities', 'yuanli', ['openid'], 'fail'],
];

describe('a staff check, where users may untick scopes', () => {
  let emulator: Emulator;
  let application: Application;

  before(async () => {
    emulator = await startEmulator({ accounts: [former], behaviour: { consent: 'always' } });
  });
  afterEach(() => application.stop());
  after(() => emulator.stop());

  async function exitOf(account: string, ticked: string[]): Promise<string> {
    const agent = new UserAgent();
    const loginPage = await agent.follow(await agent.get(`${application.url}/login`));
    const { url, text } = await agent.follow(await agent.choose(loginPage, account));
    const [, returl = ''] = /name="returl" value="([^"]*)"/.exec(text) ?? [];
    const [, action = ''] = /action="([^"]+)"/.exec(text) ?? [];
    const body = new URLSearchParams({ returl: returl.replaceAll('&amp;', '&'), decision: 'allow' });
    for (const scope of ticked) body.append('scope', scope);
    const consented = await agent.get(new URL(action, url).href, { method: 'POST', body });
    return (await agent.follow(consented)).json().exit;
  }

  for (const [check, account, ticked, exit] of rows) {
    it(`${check} ends in ${exit} for ${account} who ticks ${ticked.join(' and ')}`, async () => {
      const { client, endpoints } = emulator;
      application = await startApplication({
        strategy: (callbackURL) =>
          new JaccountStrategy(
            { ...client, ...endpoints, callbackURL, scope: 'openid essential' },
            async ({ profile }) => (checks[check](profile) ? { account: profile.id } : false),
          ),
        session: false,
      });

      expect(await exitOf(account, ticked)).to.equal(exit);
    });
  }
});
