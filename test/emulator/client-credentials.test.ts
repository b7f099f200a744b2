import { expect } from 'chai';
import { scopes } from 'passport-jaccount';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { RelyingParty } from '../support/relying-party';

const narrow = {
  clientID: 'narrow',
  clientSecret: 'a secret of the narrow client, long enough',
  scopes: ['basic', 'lessons', 'exchange_data'],
};
const people = [
  { account: 'mailman', name: '邮差', password: 'pass word+&=%' },
  { account: 'nobody.empty', name: '空', password: '' },
];

describe('grants without a browser', () => {
  let emulator: Emulator;
  let party: RelyingParty;
  let restricted: RelyingParty;
  before(async () => {
    emulator = await startEmulator({ clients: [narrow], accounts: people });
    party = new RelyingParty(emulator);
    restricted = new RelyingParty(emulator, narrow);
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  describe('client_credentials', () => {
    const request = (scope?: string, by = party) =>
      by.tokenRequest({ grant_type: 'client_credentials', scope });

    it('give an opaque token, without a refresh token (RFC 6749, 4.4.3)', async () => {
      const { status, body } = await request('basic');

      expect(status).to.equal(200);
      expect(body).to.have.all.keys(['access_token', 'token_type', 'expires_in']);
      expect(body.access_token).to.match(/^[0-9a-f]{32}$/);
    });

    // jaccount.md, 2.2: the grants of each scope.
    for (const { name, grants } of scopes.values()) {
      const open = grants.includes('client_credentials');

      it(`${open ? 'may' : 'may not'} have the scope ${name}`, async () => {
        const { status, body } = await request(name);

        expect(status).to.equal(open ? 200 : 400);
        expect(body.error).to.equal(open ? undefined : 'invalid_scope');
      });
    }

    for (const scope of ['exchange_data', 'messages', 'introspect', '4096', 'basic essential']) {
      it(`may have "${scope}"`, async () => {
        expect((await request(scope)).status).to.equal(200);
      });
    }

    for (const scope of ['openid', 'privacy', 'basic openid', '256', '16', 'nothing', '-1', ' ']) {
      it(`may not have "${scope}"`, async () => {
        expect((await request(scope)).body).to.have.property('error', 'invalid_scope');
      });
    }

    it('have all that the client may have where no scope is named', async () => {
      expect((await request(undefined)).status).to.equal(200);
    });

    for (const [scope, status] of [
      ['basic', 200],
      ['exchange_data', 200],
      ['essential', 400],
      ['lessons', 400],
    ] as const) {
      it(`are answered ${status} to "${scope}" of a client approved for ${narrow.scopes.join(', ')}`, async () => {
        expect((await request(scope, restricted)).status).to.equal(status);
      });
    }

    it('cannot read anybody’s profile', async () => {
      const { body } = await request('basic essential');

      const reply = await party.profile(body.access_token);

      expect(reply.status).to.equal(403);
      expect(reply.body.errno).to.be.a('number').and.not.to.equal(0);
      expect(reply.body).not.to.have.property('entities');
    });

    it('want the client authenticated (RFC 6749, 4.4.2)', async () => {
      const stranger = new RelyingParty(emulator, { ...narrow, clientSecret: 'wrong' });

      expect((await request('basic', stranger)).status).to.equal(401);
    });
  });

  // jaccount.md, 3.1: documented for three scopes only.
  describe('password', () => {
    const request = (username?: string, password?: string, scope?: string) =>
      party.tokenRequest({ grant_type: 'password', username, password, scope });
    const right = ['mailman', 'pass word+&=%'] as const;

    for (const scope of ['send_notification', 'send_mail', 'storage', 'send_mail storage', undefined]) {
      it(`opens ${scope ?? 'what it may'} to an account with its password (RFC 6749, 4.3)`, async () => {
        const { status, body } = await request(...right, scope);

        expect(status).to.equal(200);
        expect(body).to.have.all.keys(['access_token', 'refresh_token', 'token_type', 'expires_in']);
      });
    }

    for (const scope of ['openid', 'basic', 'essential', 'send_mail basic', 'read_mails', '1']) {
      it(`does not open "${scope}"`, async () => {
        expect((await request(...right, scope)).body).to.have.property('error', 'invalid_scope');
      });
    }

    it('knows an account in any case', async () => {
      expect((await request('MailMan', right[1])).status).to.equal(200);
    });

    it('may be refreshed', async () => {
      const { refresh_token } = (await request(...right)).body;

      expect((await party.refresh(refresh_token)).status).to.equal(200);
    });

    const refusals: [
      what: string,
      username: string | undefined,
      password: string | undefined,
      error: string,
    ][] = [
      ['a wrong password', 'mailman', 'password', 'invalid_grant'],
      ['a password in another case', 'mailman', 'Pass word+&=%', 'invalid_grant'],
      ['a password with a space more', 'mailman', 'pass word+&=% ', 'invalid_grant'],
      ['an unknown account', 'nobody', right[1], 'invalid_grant'],
      ['an account that has none', 'zhaoyichen', 'undefined', 'invalid_grant'],
      ['the password of another', 'linmuqing', right[1], 'invalid_grant'],
      ['an empty password', 'nobody.empty', '', 'invalid_request'],
      ['no password', 'mailman', undefined, 'invalid_request'],
      ['no username', undefined, right[1], 'invalid_request'],
    ];
    for (const [what, username, password, error] of refusals) {
      it(`is refused with ${what}`, async () => {
        const { status, body } = await request(username, password);

        expect(status).to.equal(400);
        expect(body).to.have.property('error', error).and.not.to.have.property('access_token');
      });
    }

    it('is refused in the same words whether account or password is wrong', async () => {
      expect((await request('nobody', 'x')).body).to.deep.equal((await request('mailman', 'x')).body);
    });

    it('is not shown by the API', async () => {
      const browserless = emulator.approve(party.authorizationURL({ scope: 'basic profile' }), 'mailman');
      const code = new URL(browserless).searchParams.get('code') ?? '';

      const { body } = await party.profile((await party.redeem(code)).body.access_token);

      expect(JSON.stringify(body)).not.to.contain('pass');
    });
  });
});
