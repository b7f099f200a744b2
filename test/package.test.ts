import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { copy, install, newFolder, pack, root, run, type Tarball } from './support/installed-package';

const folder = newFolder();
const project = path.join(folder, 'consumer');
let tarball: Tarball;

describe('the package', function () {
  this.timeout(60_000);

  before(async () => {
    tarball = await pack(folder);
    await install(tarball, project);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  describe('its tarball', () => {
    it('holds dist, src and the texts that people look for, nothing else', () => {
      const others = tarball.paths.filter((file) => !/^(dist|src)\//.test(file));
      const pages = [
        ...['client', 'deployment', 'emulator', 'errors', 'frameworks', 'linking', 'migration'],
        ...['profile', 'sessions', 'strategy'],
      ];
      const docs = pages.flatMap((name) => [`docs/${name}.md`, `docs/${name}.zh-CN.md`]);
      const texts = [
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'README.zh-CN.md',
        'SECURITY.md',
        'package.json',
        ...docs,
      ];

      expect(others).to.have.members(texts);
    });

    it('holds in dist what src compiles to, nothing of an earlier build', () => {
      const strays = tarball.paths.filter((file) => file.startsWith('dist/') && !existsSync(sourceOf(file)));

      expect(strays, 'remove dist, build again').to.deep.equal([]);
    });

    it('holds the source that each map points to', () => {
      const maps = tarball.paths.filter((file) => file.endsWith('.map'));
      const missing = maps.filter(
        (file) => !sourcesOf(file).every((source) => tarball.paths.includes(source)),
      );

      expect(maps).to.not.be.empty;
      expect(missing).to.deep.equal([]);
    });

    it('is at most 500 kB, unpacked at most 2 MB', () => {
      expect(tarball.size).to.be.at.most(500_000);
      expect(tarball.unpackedSize).to.be.at.most(2_000_000);
    });

    it('satisfies publint', async () => {
      const cli = path.join(root, 'node_modules/.bin/publint');

      expect(await run(cli, ['run', tarball.file, '--strict'], folder)).to.include({ code: 0 });
    });

    it('has the right types, says attw', async () => {
      const cli = path.join(root, 'node_modules/.bin/attw');
      const { code, stdout } = await run(cli, [tarball.file, '--no-emoji', '--no-color'], folder);

      expect(code, stdout).to.equal(0);
    });
  });

  describe('once installed', () => {
    const names = [
      ...['JaccountStrategy', 'Strategy', 'JaccountClient', 'TokenSource', 'signOut', 'JaccountError'],
      ...['verifyIdToken', 'userTypes', 'scopes', 'operations'],
    ];

    it('loads by require()', async () => {
      const code = `const all = require('passport-jaccount'); console.log(${defined('all', names)})`;

      expect(await node('cjs', code)).to.deep.equal(printed('true'));
    });

    it('loads by import, with the strategy as the default export', async () => {
      const code = `import Strategy, * as all from 'passport-jaccount';
        console.log(${defined('all', names)} && Strategy === all.JaccountStrategy)`;

      expect(await node('mjs', code)).to.deep.equal(printed('true'));
    });

    it('exports the strategy as `Strategy` too', async () => {
      const code = `const all = require('passport-jaccount'); console.log(all.Strategy === all.JaccountStrategy)`;

      expect(await node('cjs', code)).to.deep.equal(printed('true'));
    });

    it('loads the emulator by require()', async () => {
      const code = `console.log(typeof require('passport-jaccount/emulator').startEmulator)`;

      expect(await node('cjs', code)).to.deep.equal(printed('function'));
    });

    for (const entry of ['passport-jaccount', 'passport-jaccount/emulator']) {
      it(`has one copy of ${entry}, whichever way it is loaded`, async () => {
        const code = `import { createRequire } from 'node:module';
          import * as imported from '${entry}';
          const required = Object.entries(createRequire(import.meta.url)('${entry}'));
          console.log(required.length > 0 && required.every(([name, value]) => imported[name] === value))`;

        expect(await node('mjs', code)).to.deep.equal(printed('true'));
      });
    }

    it('does not need Passport to load', () => {
      expect(existsSync(path.join(project, 'node_modules/passport'))).to.equal(false);
    });

    it('hides its inner modules', async () => {
      const { stderr } = await node('cjs', `require('passport-jaccount/dist/errors.js')`);

      expect(stderr).to.include('ERR_PACKAGE_PATH_NOT_EXPORTED');
    });

    it('brings the command passport-jaccount', async () => {
      // --no: never look for it in the registry.
      const { code, stdout } = await run('npx', ['--no', '--', 'passport-jaccount', '--help'], project);

      expect(code).to.equal(0);
      expect(stdout).to.include('Usage: passport-jaccount emulator');
    });
  });

  describe('while it loads', () => {
    const guarded = path.join(folder, 'guarded');

    // In place of the two dependencies, modules that tell when they are loaded.
    before(() => {
      cpSync(project, guarded, { recursive: true, verbatimSymlinks: true });
      for (const name of ['jose', 'superagent']) {
        const place = path.join(guarded, 'node_modules', name);
        rmSync(place, { recursive: true });
        mkdirSync(place);
        const manifest = { name, version: '0.0.0', exports: { '.': './index.js', './*': './index.js' } };
        writeFileSync(path.join(place, 'package.json'), JSON.stringify(manifest));
        writeFileSync(path.join(place, 'index.js'), `console.log('loads ${name}')`);
      }
    });

    for (const entry of ['passport-jaccount', 'passport-jaccount/emulator']) {
      it(`${entry} prints nothing, loads neither jose nor superagent, by require()`, async () => {
        expect(await node('cjs', `require('${entry}')`, guarded)).to.deep.equal(printed());
      });

      it(`${entry} prints nothing, loads neither jose nor superagent, by import`, async () => {
        expect(await node('mjs', `import '${entry}'`, guarded)).to.deep.equal(printed());
      });
    }

    it('a client loads neither jose nor superagent before it is used', async () => {
      const code = `const { JaccountClient } = require('passport-jaccount');
        new JaccountClient({ clientID: 'ja0123456789', clientSecret: 'a secret of thirty-two characters' })
          .authorizationURL({ redirectURI: 'https://app.example/callback', scope: 'openid' });`;

      expect(await node('cjs', code, guarded)).to.deep.equal(printed());
    });

    const roads = [
      { scope: 'openid', loads: ['loads jose'] },
      { scope: 'basic', loads: ['loads superagent'] },
      { scope: 'openid basic', loads: ['loads jose', 'loads superagent'] },
    ];
    for (const { scope, loads } of roads) {
      it(`a strategy for the scope "${scope}" ${loads.join(', ')} alone`, async () => {
        const code = `const { JaccountStrategy } = require('passport-jaccount');
          const callbackURL = 'https://app.example/callback';
          const client = { clientID: 'ja0123456789', clientSecret: 'a secret of thirty-two characters' };
          new JaccountStrategy({ ...client, callbackURL, scope: '${scope}' }, () => false);
          setTimeout(() => {}, 100);`;

        const { stdout } = await node('cjs', code, guarded);
        expect(stdout.trim().split('\n').sort()).to.deep.equal(loads);
      });
    }
  });

  describe('under TypeScript', () => {
    const ways = [
      {
        module: 'nodenext',
        moduleResolution: 'nodenext',
        files: ['consumer.mts', 'consumer.cts', 'default.mts'],
      },
      {
        module: 'node16',
        moduleResolution: 'node16',
        files: ['consumer.mts', 'consumer.cts', 'default.mts'],
      },
      { module: 'esnext', moduleResolution: 'bundler', files: ['consumer.ts', 'default.ts'] },
      { module: 'commonjs', moduleResolution: 'node10', files: ['consumer.ts'] },
    ];

    before(() => {
      const consumer = path.join(root, 'test/fixtures/consumer/consumer.ts');
      for (const ending of ['ts', 'mts', 'cts']) cpSync(consumer, path.join(project, `consumer.${ending}`));
      const code = `import Strategy, { JaccountStrategy } from 'passport-jaccount';
        export const same: typeof JaccountStrategy = Strategy;`;
      for (const ending of ['ts', 'mts']) writeFileSync(path.join(project, `default.${ending}`), code);
    });

    for (const { files, ...resolution } of ways) {
      for (const skipLibCheck of [true, false]) {
        const { module, moduleResolution } = resolution;
        it(`compiles with ${module}/${moduleResolution}, skipLibCheck ${skipLibCheck}`, async () => {
          expect(await typeCheck(project, files, { ...resolution, skipLibCheck })).to.equal('');
        });
      }
    }

    it('shows no types of jose or superagent', async () => {
      const listed = (
        await typeCheck(project, ['consumer.mts'], { module: 'nodenext' }, '--listFilesOnly')
      ).split('\n');

      expect(listed.filter((file) => file.includes('passport-jaccount/dist/index.d.mts'))).to.have.length(1);
      expect(listed.filter((file) => /node_modules\/(@types\/)?(jose|superagent)\//.test(file))).to.be.empty;
    });

    // The oldest that is supported, the one that builds the package, and the newest.
    const compilers = [
      { compiler: 'typescript-5.4', options: { ignoreDeprecations: '5.0' } },
      { compiler: 'typescript', options: {} },
      { compiler: 'typescript-7', options: { ignoreDeprecations: undefined } },
    ];
    for (const { compiler, options } of compilers) {
      describe(`of ${compiler}`, () => {
        const nodenext = { module: 'nodenext', ...options };

        // With the one in the middle, every way above does.
        if (compiler !== 'typescript') {
          it('compiles a consumer', async () => {
            const files = ['consumer.mts', 'consumer.cts', 'default.mts'];

            expect(await typeCheck(project, files, { ...nodenext, compiler })).to.equal('');
          });
        }

        it('compiles every example of the documentation', async () => {
          for (const name of ['express-session', 'node']) copy(`node_modules/@types/${name}`, project);
          const files = writeExamples();

          expect(files).to.not.be.empty;
          expect(await typeCheck(project, files, { ...nodenext, compiler })).to.equal('');
        });
      });
    }
  });
});

function sourceOf(file: string): string {
  const source = file.replace(/^dist/, 'src').replace(/(\.d)?\.(m?)(js|ts)(\.map)?$/, '.$2ts');
  return path.join(root, source);
}

function sourcesOf(map: string): string[] {
  const { sources, sourceRoot = '' } = JSON.parse(readFileSync(path.join(root, map), 'utf8'));
  return sources.map((source: string) => path.posix.join(path.posix.dirname(map), sourceRoot, source));
}

function defined(object: string, names: string[]): string {
  return `${JSON.stringify(names)}.every((name) => ${object}[name] !== undefined)`;
}

const printed = (line?: string) => ({ code: 0, stdout: line === undefined ? '' : `${line}\n`, stderr: '' });

/** Runs a program that lies in the project. */
function node(ending: 'cjs' | 'mjs', code: string, cwd = project) {
  writeFileSync(path.join(cwd, `program.${ending}`), code);
  return run(process.execPath, [`program.${ending}`], cwd);
}

/** Writes each example of the documentation into a file of the project. */
function writeExamples(): string[] {
  return documents().flatMap((file) =>
    examplesOf(file).map((code, index) => {
      const name = `${file.replaceAll('/', '-')}-${index + 1}.mts`;
      writeFileSync(path.join(project, name), `${code}\nexport {};\n`);
      return name;
    }),
  );
}

/** What the compiler says: nothing, if all is well. */
async function typeCheck(
  cwd: string,
  files: string[],
  { compiler = 'typescript', ...options }: { compiler?: string; [option: string]: unknown },
  ...flags: string[]
): Promise<string> {
  const tsc = path.join(root, 'node_modules', compiler, 'bin/tsc');
  const compilerOptions = {
    target: 'es2022',
    strict: true,
    noEmit: true,
    esModuleInterop: true,
    types: ['node'],
    // TypeScript 6 takes node10 resolution with this only.
    ignoreDeprecations: '6.0',
    ...options,
  };
  writeFileSync(path.join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const { code, stdout, stderr } = await run(process.execPath, [tsc, '-p', '.', ...flags], cwd);
  return code === 0 ? stdout : stdout || stderr;
}

function documents(): string[] {
  const all = readdirSync(root).filter((file) => /^README.*\.md$/.test(file));
  for (const [directory, ending] of [['src', /\.m?ts$/] as const, ['docs', /\.md$/] as const]) {
    if (!existsSync(path.join(root, directory))) continue;
    const entries = readdirSync(path.join(root, directory), { recursive: true, encoding: 'utf8' });
    all.push(...entries.filter((file) => ending.test(file)).map((file) => `${directory}/${file}`));
  }
  return all;
}

/** The blocks fenced as `ts`, of Markdown or of doc comments. */
function examplesOf(file: string): string[] {
  const text = readFileSync(path.join(root, file), 'utf8').replaceAll(/^ *\* ?(?=.*$)/gm, (star) =>
    file.endsWith('.md') ? star : '',
  );
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] as string);
}
