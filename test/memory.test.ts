import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { forkWith, kill } from './support/child';
import { type Provider, startProvider } from './support/provider';
import { UserAgent } from './support/user-agent';

const logins = 1000;

describe('the memory of an application after a thousand logins', function () {
  this.timeout(120_000);
  const idTokens: string[] = [];
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
    const { child, message } = await forkWith<{ url: string }>(`${__dirname}/support/heap-application.ts`, {
      ...{ ...provider.client, ...provider.endpoints, callbackURL, scope: 'openid basic' },
    });
    application = child;
    const signIn = async () => {
      const agent = new UserAgent();
      const { location } = await agent.get((await agent.get(`${message.url}/login`)).location as string);
      const end = await agent.get((location as string).replace('http://localhost:3000', message.url));
      if (end.json().exit !== 'success') throw new Error(end.text);
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
  const kept = (secrets: readonly string[], inHeap: Set<string>) =>
    secrets.slice(0, logins).filter((secret) => inHeap.has(secret));

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
    expect(kept(verifiers, found(/(?<![\w-])[\w-]{43}(?![\w-])/g))).to.deep.equal([]);
  });

  it('holds no ID Token of theirs [LD-12]', () => {
    expect(idTokens[0]).to.match(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(kept(idTokens, found(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g))).to.deep.equal([]);
  });
});
