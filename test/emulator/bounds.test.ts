import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { expect } from 'chai';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { ExpiringMap } from '../../dist/emulator/state/expiring-map.js';
import { RelyingParty, responseOf } from '../support/relying-party';

describe('bounds', () => {
  let emulator: Emulator;
  let party: RelyingParty;
  before(async () => {
    emulator = await startEmulator();
    party = new RelyingParty(emulator);
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  describe('codes', () => {
    const codes = (count: number): string[] =>
      Array.from({ length: count }, () => {
        const url = emulator.approve(party.authorizationURL(), 'zhaoyichen');
        return new URL(url).searchParams.get('code') ?? '';
      });

    it('are kept up to ten thousand', async () => {
      const [first = ''] = codes(10_000);

      expect((await party.redeem(first)).status).to.equal(200);
    });

    it('beyond ten thousand drop the oldest', async () => {
      const [first = '', second = ''] = codes(10_001);

      expect((await party.redeem(first)).body).to.have.property('error', 'invalid_grant');
      expect((await party.redeem(second)).status).to.equal(200);
    });
  });

  describe('ExpiringMap', () => {
    let now: number;
    let map: ExpiringMap<number>;
    beforeEach(() => {
      now = 0;
      map = new ExpiringMap(() => now);
    });

    it('finds a value until its last second', () => {
      map.set('a', 1, 60);

      now = 59;
      expect(map.get('a')).to.equal(1);
      expect(map.hasExpired('a')).to.equal(false);
      now = 60;
      expect(map.get('a')).to.equal(undefined);
      expect(map.hasExpired('a')).to.equal(true);
    });

    it('has never heard of what it was not given', () => {
      expect(map.get('a')).to.equal(undefined);
      expect(map.hasExpired('a')).to.equal(false);
    });

    it('lets go of what expired an hour ago, when another comes', () => {
      map.set('a', 1, 60);

      now = 3660;
      map.set('b', 2, 60);

      expect(map.hasExpired('a')).to.equal(false);
    });

    it('knows for an hour what has expired', () => {
      map.set('a', 1, 60);

      now = 3659;
      map.set('b', 2, 60);

      expect(map.hasExpired('a')).to.equal(true);
    });

    it('counts a value that is set again as new', () => {
      map.set('a', 0, 60);
      for (let i = 1; i < 9999; i++) map.set(String(i), i, 60);
      map.set('a', 0, 60);
      map.set('the last that fits', 0, 60);
      map.set('one too many', 0, 60);

      expect(map.get('a')).to.equal(0);
      expect(map.get('1')).to.equal(undefined);
    });

    it('finds nothing that was deleted or cleared', () => {
      map.set('a', 1, 60);
      map.set('b', 2, 60);
      map.delete('a');
      expect(map.get('a')).to.equal(undefined);

      map.clear();
      expect(map.get('b')).to.equal(undefined);
    });
  });

  describe('a body', () => {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const head = (length: string) =>
      `POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Type: ${type['content-type']}\r\n${length}\r\n\r\n`;

    it('of 64 KiB is read', async () => {
      const body = `grant_type=x&pad=${'x'.repeat(64 * 1024 - 17)}`;
      expect(body).to.have.length(64 * 1024);

      const response = await fetch(emulator.endpoints.tokenURL, { method: 'POST', body, headers: type });

      expect(response.status).to.equal(401);
    });

    it('of an octet more is not', async () => {
      const status = await new Promise((resolve, reject) => {
        http
          .request(emulator.endpoints.tokenURL, { method: 'POST', headers: type, agent: false })
          .on('response', (response) => resolve(response.resume().statusCode))
          .on('error', reject)
          .end('x'.repeat(64 * 1024 + 1));
      });

      expect(status).to.equal(413);
    });

    // Nothing ends the connection here but the emulator: the rest of the body never comes.
    for (const [what, length, octets] of [
      ['with a length', 'Content-Length: 10000000', 'x'.repeat(70_000)],
      ['in chunks', 'Transfer-Encoding: chunked', `11170\r\n${'x'.repeat(70_000)}\r\n`],
    ] as const) {
      it(`too large, ${what}, is answered 413 before its end, and the connection closed`, async () => {
        const { hostname, port } = new URL(emulator.url);
        const socket = net.connect(Number(port), hostname);
        let answer = '';
        socket.setEncoding('utf8').on('data', (text) => {
          answer += text;
        });
        socket.on('error', () => undefined);
        socket.write(head(length) + octets);

        await once(socket, 'close');

        expect(answer).to.match(/^HTTP\/1\.1 413 /);
        expect(answer).to.match(/\r\nConnection: close\r\n/i);
      });
    }
  });

  describe('a request', () => {
    it('may be of eight thousand characters', async () => {
      const state = 's'.repeat(8000);

      expect(responseOf(await party.authorize({ state }))).to.have.property('state', state);
    });

    it('with a header beyond 16 KiB is refused by 431', async () => {
      const response = await fetch(emulator.url, { headers: { 'x-long': 'x'.repeat(20_000) } });

      expect(response.status).to.equal(431);
    });

    it('with a target beyond 16 KiB is refused', async () => {
      expect((await fetch(`${emulator.url}/?${'x'.repeat(20_000)}`)).status).to.be.oneOf([414, 431]);
    });

    it('with a thousand parameters is answered', async () => {
      const query = Array.from({ length: 1000 }, (_, i) => `p${i}=`).join('&');

      expect((await fetch(`${party.authorizationURL()}&${query}`, { redirect: 'manual' })).status).to.equal(
        302,
      );
    });

    it('with a thousand cookies is answered', async () => {
      const cookie = Array.from({ length: 1000 }, (_, i) => `c${i}=1`).join('; ');

      expect((await fetch(emulator.url, { headers: { cookie } })).status).to.equal(200);
    });

    for (const cookie of ['', '=', ';', 'JAAuthCookie', 'JAAuthCookie=', '=JAAuthCookie', '__proto__=x']) {
      it(`with the cookie ${JSON.stringify(cookie)} is of nobody`, async () => {
        const response = await fetch(party.authorizationURL(), { redirect: 'manual', headers: { cookie } });

        expect(response.headers.get('location')).to.contain('/jaccount/jalogin');
      });
    }
  });

  // A header holds no such characters: the emulator must not fail over them.
  describe('an address in Chinese', () => {
    it('is gone back to, percent-encoded', async () => {
      const visit = await party.authorize({ redirect_uri: 'http://localhost:3000/回调' });

      expect(visit.status).to.equal(302);
      expect(visit.location).to.match(/^http:\/\/localhost:3000\/%E5%9B%9E%E8%B0%83\?code=/);
    });

    it('is gone back to after a logout', async () => {
      const query = new URLSearchParams({ post_logout_redirect_uri: 'http://localhost:3000/再见' });

      const { status, headers } = await fetch(`${emulator.endpoints.logoutURL}?${query}`, {
        redirect: 'manual',
      });

      expect(status).to.equal(302);
      expect(headers.get('location')).to.equal('http://localhost:3000/%E5%86%8D%E8%A7%81');
    });
  });
});
