import { spawnSync } from 'node:child_process';
import { expect } from 'chai';

describe('bench/load.ts', () => {
  it('finds no wrong user in its short form', function () {
    this.timeout(240_000);
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'bench/load.ts'], {
      cwd: `${__dirname}/..`,
      encoding: 'utf8',
    });

    expect(status, stdout + stderr).to.equal(0);
    expect(stdout).to.match(/^users signed in: \d{3,}$/m);
    for (const count of ['wrong users', 'crossed states', 'unexpected outcomes', 'unhandled rejections']) {
      expect(stdout).to.match(new RegExp(`^${count}[^:]*: 0$`, 'm'));
    }
  });
});
