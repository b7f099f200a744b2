import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { freePort } from '../support/free-port';
import { UserAgent } from '../support/user-agent';

describe('examples/logging.mjs', () => {
  let example: ChildProcess;
  let lines: AsyncIterator<string>;
  let url: string;

  before(async () => {
    example = spawn(process.execPath, ['examples/logging.mjs'], {
      cwd: `${__dirname}/../..`,
      env: { ...process.env, PORT: String(await freePort()) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    lines = createInterface(example.stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]();
    ({ url } = await nextLine());
  });
  after(() => example.kill());

  async function nextLine(): Promise<any> {
    const { value, done } = await lines.next();
    if (done) throw new Error('the example has ended');
    return JSON.parse(value);
  }

  it('logs a login and the request it took, under one id', async () => {
    const agent = new UserAgent();
    const loginPage = await agent.follow(await agent.get(`${url}/login`));

    const home = await agent.follow(await agent.choose(loginPage, 'zhaoyichen'));

    const [request, login] = [await nextLine(), await nextLine()];
    expect(home.json()).to.deep.equal({ account: 'zhaoyichen' });
    expect(request).to.include({ level: 'info', event: 'request', endpoint: 'token', status: 200 });
    expect(login).to.include({ level: 'info', event: 'login', strategy: 'jaccount', road: 'id-token' });
    expect(login.requestId).to.be.a('string').that.equals(request.requestId);
    expect(JSON.stringify([request, login])).not.to.match(/zhaoyichen|赵一辰|Bearer|code=/);
  });

  it('logs a refusal with its code and reason', async () => {
    await new UserAgent().get(`${url}/callback?code=A&state=of-nobody`);

    const refused = await nextLine();
    expect(refused).to.include({ level: 'warn', event: 'refused', code: 'ERR_JACCOUNT_STATE' });
    expect(refused).to.include({ reason: 'no-transaction', exit: 'fail', status: 403 });
    expect(refused.duration).to.satisfy(Number.isInteger);
  });
});
