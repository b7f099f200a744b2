import { expect } from 'chai';
import { type Behaviour, type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { partOf, RelyingParty } from '../support/relying-party';

const other = { clientID: 'other', clientSecret: 'the secret of another client, long enough' };

// jaccount.md, 3.5: nobody knows which of them jAccount does.
describe('refresh', () => {
  let emulator: Emulator;
  let party: RelyingParty;
  before(async () => {
    emulator = await startEmulator({ clients: [other] });
    party = new RelyingParty(emulator);
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  interface Way {
    refresh: Behaviour['refresh'];
    /** Whether the answer has another access token, names a refresh token, and the old refresh token works on. */
    newAccessToken: boolean;
    mentioned: boolean;
    reusable: boolean;
  }
  const ways: Way[] = [
    { refresh: 'rotated', newAccessToken: true, mentioned: true, reusable: false },
    { refresh: 'kept', newAccessToken: true, mentioned: true, reusable: true },
    { refresh: 'unmentioned', newAccessToken: true, mentioned: false, reusable: true },
    { refresh: 'renewed', newAccessToken: false, mentioned: true, reusable: true },
  ];

  async function isAlive(accessToken: string): Promise<boolean> {
    return (await party.profile(accessToken)).status === 200;
  }

  for (const { refresh, newAccessToken, mentioned, reusable } of ways) {
    describe(refresh, () => {
      let code: string;
      let first: Record<string, any>;
      beforeEach(async () => {
        emulator.behave({ refresh });
        code = await party.code({ scope: 'openid basic', nonce: 'n-1' });
        first = (await party.redeem(code)).body;
      });

      it(`gives ${newAccessToken ? 'another' : 'the same'} access token, which works`, async () => {
        const { body } = await party.refresh(first.refresh_token);

        expect(body.access_token !== first.access_token).to.equal(newAccessToken);
        expect(await isAlive(body.access_token)).to.equal(true);
      });

      it(`${newAccessToken ? 'ends' : 'goes on with'} the old access token, for they are one to one`, async () => {
        await party.refresh(first.refresh_token);

        expect(await isAlive(first.access_token)).to.equal(!newAccessToken);
      });

      it(`${mentioned ? 'names' : 'does not name'} a refresh token`, async () => {
        const { body } = await party.refresh(first.refresh_token);

        expect('refresh_token' in body).to.equal(mentioned);
      });

      it(`${reusable ? 'keeps' : 'ends'} the old refresh token`, async () => {
        const again = await party.refresh(first.refresh_token);

        expect(again.body.refresh_token === first.refresh_token).to.equal(reusable && mentioned);
        expect((await party.refresh(first.refresh_token)).status).to.equal(reusable ? 200 : 400);
      });

      it('goes on many times, with what was given last', async () => {
        let latest = first;
        for (let i = 0; i < 5; i++) {
          const { body, status } = await party.refresh(latest.refresh_token);
          expect(status).to.equal(200);
          latest = { refresh_token: latest.refresh_token, ...body };
        }

        expect(await isAlive(latest.access_token)).to.equal(true);
      });

      it('begins the half hour of the access token anew', async () => {
        emulator.advance(1700);
        const { body } = await party.refresh(first.refresh_token);
        emulator.advance(1700);

        expect(await isAlive(body.access_token)).to.equal(true);
        emulator.advance(101);
        expect(await isAlive(body.access_token)).to.equal(false);
      });

      it('brings an ID Token of now, for the same user', async () => {
        emulator.advance(1000);

        const { id_token } = (await party.refresh(first.refresh_token)).body;

        const before = partOf(first.id_token, 'claims');
        const now = partOf(id_token, 'claims');
        expect(now).to.include({ iss: before.iss, sub: before.sub, aud: before.aud });
        expect(now.iat - Date.now() / 1000).to.be.within(-60, 60);
      });

      it('is refused to another client, and stays good for its own (RFC 6749, 6)', async () => {
        const { status, body } = await new RelyingParty(emulator, other).refresh(first.refresh_token);

        expect(status).to.equal(400);
        expect(body).to.have.property('error', 'invalid_grant');
        expect((await party.refresh(first.refresh_token)).status).to.equal(200);
      });

      it('is undone when the code is used again (RFC 6749, 4.1.2)', async () => {
        const second = {
          refresh_token: first.refresh_token,
          ...(await party.refresh(first.refresh_token)).body,
        };
        const third = {
          refresh_token: second.refresh_token,
          ...(await party.refresh(second.refresh_token)).body,
        };

        expect((await party.redeem(code)).body).to.have.property('error', 'invalid_grant');

        for (const { access_token, refresh_token } of [first, second, third] as (typeof first)[]) {
          expect(await isAlive(access_token)).to.equal(false);
          expect((await party.refresh(refresh_token)).body).to.have.property('error', 'invalid_grant');
        }
      });

      it('is over after a month', async () => {
        emulator.advance(30 * 24 * 60 * 60 + 1);

        expect((await party.refresh(first.refresh_token)).status).to.equal(400);
      });
    });
  }

  it('says nothing else than usual where it does not name the refresh token', async () => {
    emulator.behave({ refresh: 'unmentioned' });
    const { refresh_token } = (await party.login({ scope: 'basic' })).body;

    const { body } = await party.refresh(refresh_token);

    expect(body).to.have.all.keys(['access_token', 'token_type', 'expires_in']);
  });

  it('names the refresh token of a code all the same', async () => {
    emulator.behave({ refresh: 'unmentioned' });

    expect((await party.login()).body.refresh_token).to.match(/^[0-9a-f]{32}$/);
  });
});
