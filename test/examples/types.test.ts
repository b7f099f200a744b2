import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { newProject } from '../support/example';
import { root, run } from '../support/installed-package';

// Those of Nest 11 the linter compiles.
describe('the examples for Nest', function () {
  this.timeout(60_000);

  it('compile against the types of Nest 12', async () => {
    const files = ['nest.ts', 'nest-fastify.ts'];
    const project = newProject('test/fixtures/nest12/node_modules');
    for (const file of files) copyFileSync(path.join(root, 'examples', file), path.join(project, file));
    const base = path.join(root, 'tsconfig.json');
    const tsconfig = { extends: base, compilerOptions: { types: ['node'] }, files, include: [] };
    writeFileSync(path.join(project, 'tsconfig.json'), JSON.stringify(tsconfig));

    const { stdout, stderr } = await run(
      process.execPath,
      [path.join(root, 'node_modules/typescript/bin/tsc')],
      project,
    );

    rmSync(project, { recursive: true });
    expect(stdout + stderr).to.equal('');
  });
});
