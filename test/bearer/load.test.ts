import { spawnSync } from 'node:child_process';
import { expect } from 'chai';

describe('bench/bearer.ts', () => {
  it('finds no wrong accept through rotations and an outage in its short form [LD-07, LD-09]', function () {
    this.timeout(120_000);
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'bench/bearer.ts'], {
      cwd: `${__dirname}/../..`,
      encoding: 'utf8',
    });

    expect(status, stdout + stderr).to.equal(0);
    expect(stdout).to.match(/^fetches of one issuer's keys in a cooldown, at most: 1$/m);
    for (const count of ['wrong accepts', 'valid refused', 'errors', 'unhandled rejections']) {
      expect(stdout).to.match(new RegExp(`^${count}[^:]*: 0$`, 'm'));
    }
  });
});
