import { expect } from 'chai';
import { type Emulator, type Fault, startEmulator } from 'passport-jaccount/emulator';
import { oddClient } from '../../support/odd-client';
import { pythonHas, type Script, startScript } from '../../support/python';
import { UserAgent } from '../../support/user-agent';

const redirectURI = 'http://localhost:5000/callback';
const missing = pythonHas('authlib', 'requests') ? '' : ' (skipped: needs python3-authlib, python3-requests)';

describe(`Authlib at the emulator${missing}`, () => {
  let emulator: Emulator;
  const running: Script[] = [];

  before(async function () {
    if (missing) return this.skip();
    emulator = await startEmulator({ clients: [oddClient] });
  });
  afterEach(async () => {
    emulator?.reset();
    for (const script of running.splice(0)) await script.kill();
  });
  after(() => emulator?.stop());

  function start(file: string, env: NodeJS.ProcessEnv = {}): Script {
    const script = startScript(file, { env });
    running.push(script);
    return script;
  }

  function startSession(setting: object = {}): Script {
    const { client, endpoints } = emulator;
    const authentication = 'client_secret_basic';
    const script = start('authlib_session.py');
    script.write(JSON.stringify({ client, endpoints, redirectURI, authentication, ...setting }));
    return script;
  }

  async function resultOf(script: Script): Promise<any> {
    script.write(emulator.approve(await script.line(), 'zhaoyichen'));
    return JSON.parse(await script.line());
  }

  for (const authentication of ['client_secret_basic', 'client_secret_post']) {
    it(`verifies a login, refreshes, reads the profile and acts by itself, with ${authentication}`, async () => {
      const { claims, changed, profile, own } = await resultOf(startSession({ authentication }));

      expect(claims).to.include({ sub: 'zhaoyichen', name: '赵一辰', type: 'student' });
      expect(changed).to.equal(true);
      expect(profile).to.include({ account: 'zhaoyichen', name: '赵一辰' });
      expect(own).to.deep.equal(['access_token', 'expires_at', 'expires_in', 'token_type']);
    });

    it(`does so with an id and a secret full of -, _, % and +, with ${authentication}`, async () => {
      const { claims } = await resultOf(startSession({ authentication, client: oddClient }));

      expect(claims).to.include({ sub: 'zhaoyichen', aud: oddClient.clientID });
    });

    it(`hears that the client secret is wrong, with ${authentication}`, async () => {
      const client = { ...emulator.client, clientSecret: 'wrong' };

      const result = await resultOf(startSession({ authentication, client }));

      expect(result).to.deep.equal({ refused: 'OAuthError', error: 'invalid_client' });
    });
  }

  const replies = [
    { refresh: 'kept', changed: true },
    { refresh: 'unmentioned', changed: true },
    { refresh: 'renewed', changed: false },
  ] as const;
  for (const { refresh, changed } of replies) {
    it(`goes on with the tokens of a refresh that is "${refresh}"`, async () => {
      emulator.behave({ refresh });

      const result = await resultOf(startSession());

      expect(result.profile).to.include({ account: 'zhaoyichen' });
      expect(result.changed).to.equal(changed);
    });
  }

  const forgeries: { token: string; fault: Fault; error: string }[] = [
    { token: 'signed with another key', fault: { sign: 'other-key' }, error: 'bad_signature' },
    { token: 'signed with none', fault: { sign: 'none' }, error: 'unsupported_algorithm' },
    { token: 'with another nonce', fault: { idToken: { nonce: 'another' } }, error: 'invalid_claim' },
    { token: 'without a nonce', fault: { idToken: { nonce: null } }, error: 'missing_claim' },
    {
      token: 'of another issuer',
      fault: { idToken: { iss: 'https://evil.example/' } },
      error: 'invalid_claim',
    },
    { token: 'for another audience', fault: { idToken: { aud: 'library' } }, error: 'invalid_claim' },
    { token: 'that has expired', fault: { idToken: { exp: 1_000_000_000 } }, error: 'expired_token' },
  ];
  for (const { token, fault, error } of forgeries) {
    it(`refuses an ID Token ${token}`, async () => {
      emulator.fault('token', fault);

      expect(await resultOf(startSession())).to.include({ error });
    });
  }

  it('hears that the code has expired', async () => {
    const script = startSession();
    const callback = emulator.approve(await script.line(), 'zhaoyichen');
    emulator.advance(61);

    script.write(callback);

    expect(JSON.parse(await script.line())).to.deep.equal({ refused: 'OAuthError', error: 'invalid_grant' });
  });

  it('refuses an answer to another request', async () => {
    const script = startSession();
    const callback = new URL(emulator.approve(await script.line(), 'zhaoyichen'));
    callback.searchParams.set('state', 'another');

    script.write(callback.href);

    expect(JSON.parse(await script.line())).to.include({ refused: 'MismatchingStateException' });
  });

  describe('as docs/emulator.md shows it', () => {
    function startLogin(): Script {
      const { clientID, clientSecret } = emulator.client;
      return start('authlib_login.py', {
        JACCOUNT_URL: emulator.url,
        JACCOUNT_CLIENT_ID: clientID,
        JACCOUNT_CLIENT_SECRET: clientSecret,
      });
    }

    it('signs a person in', async () => {
      const script = startLogin();
      script.write(emulator.approve(await script.line(), 'zhaoyichen'));

      expect(await script.line()).to.equal('zhaoyichen 赵一辰');
      expect(await script.ended).to.equal(0);
    });

    it('tells that the user declined', async () => {
      emulator.fault('authorize', { error: 'access_denied' });
      const script = startLogin();
      const { location } = await new UserAgent().get(await script.line());
      script.write(location!);

      expect(await script.ended).to.equal(1);
      expect(script.complaints()).to.equal('the user declined\n');
    });

    it('refuses an ID Token that is signed with another key', async () => {
      emulator.fault('token', { sign: 'other-key' });
      const script = startLogin();
      script.write(emulator.approve(await script.line(), 'zhaoyichen'));

      expect(await script.ended).to.equal(1);
      expect(script.complaints()).to.include('BadSignatureError');
    });
  });
});
