import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { forkWith, kill } from './support/child';
import type { HeapSetting } from './support/heap-application';
import { type Provider, startProvider } from './support/provider';
import { UserAgent } from './support/user-agent';

const logins = 1000;

for (const keptIn of ['cookies', 'sessions'] as const) {
  describe(`the memory of an application after a thousand logins that waited in ${keptIn}`, function () {
    this.timeout(120_000);
    const idTokens: string[] = [];
    const states: string[] = [];
    const nonces: string[] = [];
    const cookies: string[] = [];
    let provider: Provider;
    let application: ChildProcess;
    let folder: string;
    let heap: string;

    before(async () => {
      folder = mkdtempSync(`${tmpdir()}/heap-`);
      provider = await startProvider({
        idToken: (right) => {
          idTokens.push(right);
          return right;
        },
      });
      const callbackURL = 'http://localhost:3000/callback';
      const setting: HeapSetting = {
        options: { ...provider.client, ...provider.endpoints, callbackURL, scope: 'openid basic' },
        keptIn,
      };
      const { child, message } = await forkWith<{ url: string }>(
        `${__dirname}/support/heap-application.ts`,
        setting,
      );
      application = child;
      const signIn = async () => {
        const agent = new UserAgent();
        const away = await agent.get(`${message.url}/login`);
        const { searchParams } = new URL(away.location as string);
        states.push(searchParams.get('state') as string);
        nonces.push(searchParams.get('nonce') as string);
        const { location } = await agent.get(away.location as string);
        const callback = (location as string).replace('http://localhost:3000', message.url);
        const end = await agent.get(callback);
        if (end.json().exit !== 'success') throw new Error(end.text);
        // Of the login that waits, and of the one that has ended.
        for (const { headers } of [away, end]) {
          const sealed = headers.getSetCookie().filter((cookie) => cookie.startsWith('jaccount-'));
          cookies.push(...sealed.map((cookie) => cookie.split(/[=;]/)[1] as string));
        }
      };
      // One after the other: Node holds on to the latest message of each connection that is kept alive.
      for (let login = 0; login < logins + 5; login++) await signIn();
      child.send(`${folder}/heap`);
      await once(child, 'message');
      heap = readFileSync(`${folder}/heap`, 'latin1');
    });
    after(async () => {
      await Promise.all([application && kill(application), provider.stop()]);
      rmSync(folder, { recursive: true });
    });

    const found = (pattern: RegExp) => new Set(heap.match(pattern));
    const kept = (secrets: readonly string[], inHeap: Set<string>, count = logins) =>
      secrets.slice(0, count).filter((secret) => inHeap.has(secret));
    const random = /(?<![\w-])[\w-]{43}(?![\w-])/g;

    it('is looked into: what the application was configured with is there', () => {
      expect(heap).to.include(provider.client.clientID);
    });

    it('holds no code, access token or refresh token of theirs [LD-12]', () => {
      const codes = provider.tokenRequests.map(({ form }) => form.get('code') ?? '');

      expect(codes[0]).to.match(/^code\d{28}$/);
      expect(kept(codes, found(/code\d{28}/g))).to.deep.equal([]);
    });

    it('holds no code verifier of theirs [LD-12]', () => {
      const verifiers = provider.tokenRequests.map(({ form }) => form.get('code_verifier') ?? '');

      expect(verifiers[0]).to.match(/^[\w-]{43}$/);
      expect(kept(verifiers, found(random))).to.deep.equal([]);
    });

    it('holds no state or nonce of theirs [LD-12]', () => {
      for (const values of [states, nonces]) {
        expect(values[0]).to.match(/^[\w-]{43}$/);
        expect(kept(values, found(random))).to.deep.equal([]);
      }
    });

    it('holds no ID Token of theirs [LD-12]', () => {
      expect(idTokens[0]).to.match(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/);
      expect(kept(idTokens, found(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g))).to.deep.equal([]);
    });

    it('holds no cookie of theirs that is sealed [LD-12]', () => {
      const each = keptIn === 'cookies' ? 2 : 0;

      expect(cookies).to.have.length(each * (logins + 5));
      for (const cookie of cookies) expect(cookie).to.match(/^eyJ[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/);
      expect(kept(cookies, found(/eyJ[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+/g), each * logins)).to.deep.equal([]);
    });
  });
}
