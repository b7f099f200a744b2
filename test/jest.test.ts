import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { run } from './support/installed-package';

// What Nest projects have: a CommonJS test that signs in for real, against the emulator.
const login = `
const { JaccountClient } = require(${JSON.stringify(require.resolve('passport-jaccount'))});
const { startEmulator } = require(${JSON.stringify(require.resolve('passport-jaccount/emulator'))});

it('signs a user in', async () => {
  const emulator = await startEmulator();
  const client = new JaccountClient({ ...emulator.client, ...emulator.endpoints });
  const redirectURI = 'http://localhost:3000/callback';
  const { url, nonce } = client.authorizationURL({ redirectURI, scope: 'openid' });
  const code = new URL(emulator.approve(url, 'zhaoyichen')).searchParams.get('code');
  try {
    const { claims } = await client.exchangeCode({ code, redirectURI, nonce });
    expect(claims.sub).toBe('zhaoyichen');
  } finally {
    await emulator.stop();
  }
});
`;

describe('a CommonJS test under Jest', function () {
  this.timeout(60_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'passport-jaccount-jest-'));
    writeFileSync(path.join(folder, 'login.test.js'), login);
    writeFileSync(path.join(folder, 'package.json'), '{"jest":{"testEnvironment":"node"}}');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function jest(...nodeOptions: string[]) {
    const bin = require.resolve('jest/bin/jest');
    const options = ['--rootDir', folder, '--cacheDirectory', path.join(folder, 'cache'), '--no-watchman'];
    return run(process.execPath, [...nodeOptions, bin, '--runInBand', ...options], folder);
  }

  it('signs in with --experimental-vm-modules', async () => {
    const { code, stderr } = await jest('--experimental-vm-modules');

    expect(code, stderr).to.equal(0);
  });

  it('is told of that flag without it', async () => {
    const { code, stderr } = await jest();

    expect(code).to.equal(1);
    expect(stderr).to.include('run Jest with NODE_OPTIONS=--experimental-vm-modules');
  });
});
