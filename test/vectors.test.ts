import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';

const vectors = path.join(__dirname, '..', '..', 'shared', 'vectors');
const adapter = path.join(__dirname, 'support', 'vectors-adapter.mjs');
const present = existsSync(vectors);

function run(runner: string, ...options: string[]): { status: number | null; stdout: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(vectors, runner), adapter, ...options],
    { encoding: 'utf8', timeout: 60_000, maxBuffer: 16 * 1024 * 1024 },
  );
  return { status, stdout: stdout + stderr };
}

// The last line that the runner of the ID Token cases prints: passes, differences, skips for each level.
function summaryOf(stdout: string): Record<string, { pass: number; differs: number; skip: number }> {
  return JSON.parse(stdout.trim().split('\n').at(-1) as string);
}

describe(`the shared test vectors${present ? '' : ' (skipped: there is no ../shared/vectors beside this repository)'}`, function () {
  this.timeout(60_000);

  before(function () {
    if (!present) this.skip();
  });

  it('of other projects come out as they are labelled [TR-12, LO-04, BH-15]', () => {
    const { status, stdout } = run('run-vectors.mjs');

    expect(status, stdout.slice(-4000)).to.equal(0);
    for (const group of [
      ...['wycheproof-as-idtoken', 'jaccount-doc-sample', 'spec-examples', 'wpt-url-returnTo'],
      ...['blns-returnTo', 'json-suite-as-token-response'],
      ...['wycheproof-jws', 'rfc7520-jws', 'rfc7797', 'wycheproof-as-bearer'],
    ]) {
      expect(stdout).to.match(new RegExp(`'?${group}'?: \\{ pass: [1-9]\\d*, fail: 0 \\}`));
    }
  });

  it('for ID Tokens come out as they are labelled on all levels', () => {
    const { status, stdout } = run('run-id-token-cases.mjs', '--all-levels');

    expect(status, stdout.slice(-4000)).to.equal(0);
    expect(summaryOf(stdout)).to.deep.include({
      must: { pass: 131, differs: 0, skip: 0 },
      policy: { pass: 16, differs: 0, skip: 0 },
    });
  });

  it('for ID Tokens come out the same for clients, secrets, subjects or nonces of chance', () => {
    const seed = randomBytes(8).toString('hex');

    const { status, stdout } = run('run-id-token-cases.mjs', '--all-levels', '--seed', seed);

    expect(status, `seed ${seed}: ${stdout.slice(-4000)}`).to.equal(0);
  });

  it('for ID Tokens are those that this repository keeps', () => {
    const kept = readFileSync(path.join(__dirname, 'fixtures', 'id-token-cases.json'), 'utf8');

    expect(JSON.parse(kept)).to.deep.equal(
      JSON.parse(readFileSync(path.join(vectors, 'id-token-cases.json'), 'utf8')),
    );
  });
});
