import { expect } from 'chai';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { oddClient } from '../../support/odd-client';
import { pythonHas, type Script, startScript } from '../../support/python';
import { UserAgent } from '../../support/user-agent';

const redirectURI = 'http://localhost:5000/callback';
const basicClient = {
  clientID: 'ja0basic000000000001',
  clientSecret: 'a secret of thirty-two characters',
  scopes: ['basic'],
};
const missing = pythonHas('json') ? '' : ' (skipped: needs python3)';
const installed = pythonHas('oauth_jaccount');
const whose = installed ? '' : ', by a stand-in that sends what the package sends (it is not installed)';

describe(`oauth-jaccount at the emulator${missing || whose}`, () => {
  let emulator: Emulator;
  const running: Script[] = [];

  // No scope is asked for, and an ID Token expected all the same.
  before(async function () {
    if (missing) return this.skip();
    emulator = await startEmulator({ clients: [oddClient, basicClient], behaviour: { idToken: 'always' } });
  });
  afterEach(async () => {
    emulator?.reset();
    for (const script of running.splice(0)) await script.kill();
  });
  after(() => emulator?.stop());

  function start(file: string, env: NodeJS.ProcessEnv = {}): Script {
    const script = startScript(file, { env, modules: installed ? [] : ['stand-in'] });
    running.push(script);
    return script;
  }

  function startSession(client = emulator.client): Script {
    const script = start('oauth_jaccount_session.py');
    script.write(JSON.stringify({ ...client, url: `${emulator.url}/`, redirectURI }));
    return script;
  }

  function startLogin({ clientID, clientSecret } = emulator.client): Script {
    return start('oauth_jaccount_login.py', {
      JACCOUNT_URL: emulator.url,
      JACCOUNT_CLIENT_ID: clientID,
      JACCOUNT_CLIENT_SECRET: clientSecret,
    });
  }

  async function comeBack(script: Script): Promise<void> {
    script.write(emulator.approve(await script.line(), 'zhaoyichen'));
  }

  it('reads ID Token and profile, refreshes in between, without a scope', async () => {
    const script = startSession();
    await comeBack(script);

    const { claims, again, changed, profile } = JSON.parse(await script.line());

    expect(claims).to.include({ sub: 'zhaoyichen', name: '赵一辰', type: 'student' });
    expect(again).to.equal('zhaoyichen');
    expect(changed).to.equal(true);
    expect(profile).to.include({ account: 'zhaoyichen', code: '523030910417' });
  });

  it('does so with an id and a secret full of -, _, % and +', async () => {
    const script = startSession(oddClient);
    await comeBack(script);

    expect(JSON.parse(await script.line()).claims).to.include({ aud: oddClient.clientID });
  });

  it('signs out without a client_id', async () => {
    const script = startSession();
    await comeBack(script);
    const { logout } = JSON.parse(await script.line());

    const { location } = await new UserAgent().get(logout);

    expect(location).to.equal('http://localhost:5000/');
  });

  it('has no ID Token to read where its client is not approved for openid, unless idToken is "always"', async () => {
    emulator.behave({ idToken: 'openid' });
    const refused = startSession(basicClient);
    await comeBack(refused);
    const code = await refused.ended;
    emulator.behave({ idToken: 'always' });
    const script = startSession(basicClient);
    await comeBack(script);

    expect(code).to.equal(1);
    expect(refused.complaints()).to.include("KeyError: 'id_token'");
    expect(JSON.parse(await script.line()).claims).to.include({ sub: 'zhaoyichen' });
  });

  describe('as docs/emulator.md shows it', () => {
    it('signs a person in', async () => {
      const script = startLogin();
      await comeBack(script);

      expect(await script.line()).to.equal('zhaoyichen 赵一辰');
      expect(await script.ended).to.equal(0);
    });

    it('hears that the client secret is wrong', async () => {
      const script = startLogin({ ...emulator.client, clientSecret: 'wrong' });
      await comeBack(script);

      expect(await script.ended).to.equal(1);
      expect(script.complaints()).to.include('HTTP Error 401');
    });

    it('hears that the code has expired', async () => {
      const script = startLogin();
      const callback = emulator.approve(await script.line(), 'zhaoyichen');
      emulator.advance(61);
      script.write(callback);

      expect(await script.ended).to.equal(1);
      expect(script.complaints()).to.include('HTTP Error 400');
    });

    it('hears that the user declined', async () => {
      emulator.fault('authorize', { error: 'access_denied' });
      const script = startLogin();
      const { location } = await new UserAgent().get(await script.line());
      script.write(location!);

      expect(await script.ended).to.equal(1);
      expect(script.complaints()).to.equal('not the answer to this login\n');
    });

    it('refuses an answer to another login', async () => {
      const script = startLogin();
      const callback = new URL(emulator.approve(await script.line(), 'zhaoyichen'));
      callback.searchParams.set('state', 'another');
      script.write(callback.href);

      expect(await script.ended).to.equal(1);
      expect(script.complaints()).to.equal('not the answer to this login\n');
    });

    it('fails where there is no ID Token at all', async () => {
      emulator.behave({ idToken: 'never' });
      const script = startLogin();
      await comeBack(script);

      expect(await script.ended).to.equal(1);
      expect(script.complaints()).to.include('KeyError');
    });
  });
});
