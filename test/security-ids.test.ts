import { spawnSync } from 'node:child_process';
import { expect } from 'chai';

describe('the security catalogue', () => {
  it('has a test for each requirement of the login', () => {
    const { stdout, status } = spawnSync(process.execPath, ['scripts/security-ids.mjs'], {
      cwd: `${__dirname}/..`,
      encoding: 'utf8',
    });

    expect(status, stdout).to.equal(0);
  });
});
