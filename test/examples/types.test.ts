import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { newProject } from '../support/example';
import { root, run } from '../support/installed-package';

const fixtures = 'test/fixtures';
const nest = ['nest.ts', 'nest-fastify.ts'];
// The linter compiles those of Nest 11, and that of Midway 3 against test/support/koa.d.ts in place of the types of Koa.
const rows: { framework: string; files: string[]; packages?: string }[] = [
  { framework: 'Nest 12', files: nest, packages: `${fixtures}/nest12/node_modules` },
  { framework: 'Midway 3', files: ['midway.ts'] },
  { framework: 'Midway 4', files: ['midway.ts'], packages: `${fixtures}/midway4/node_modules` },
];

describe('the examples in TypeScript', function () {
  this.timeout(60_000);

  for (const { framework, files, packages } of rows) {
    it(`compile against the types of ${framework}`, async () => {
      const project = newProject(packages);
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
  }
});
