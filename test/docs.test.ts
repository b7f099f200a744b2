import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { behaviours } from 'passport-jaccount/emulator';

const folder = path.join(__dirname, '../docs');
const pages = readdirSync(folder).filter((file) => /^[\w-]+\.md$/.test(file));

const read = (file: string) => readFileSync(path.join(folder, file), 'utf8');
const codeIn = (text: string) => [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([block]) => block);
const anchorsIn = (text: string) =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!));
const linksIn = (text: string) => [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => link!);

// As GitHub makes them: lower case, without punctuation, a hyphen for each space.
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-');
}

// What the reader of one language would look for in the other.
function shapeOf(text: string): string[] {
  return text.split('\n').flatMap((line) => /^(?:#+ |```\w+|\| |- \[ \])/.exec(line) ?? []);
}

describe('docs/', () => {
  it('has each page in both languages', () => {
    const chinese = readdirSync(folder).filter((file) => file.endsWith('.zh-CN.md'));

    expect(chinese).to.have.members(pages.map((page) => page.replace('.md', '.zh-CN.md')));
  });

  for (const page of pages) {
    const translation = page.replace('.md', '.zh-CN.md');

    it(`${page} has the same sections, tables and blocks of code in both languages`, () => {
      expect(shapeOf(read(translation))).to.deep.equal(shapeOf(read(page)));
    });

    for (const file of [page, translation]) {
      // That of the frameworks holds six programs.
      const lines = page === 'frameworks.md' ? 422 : 230;
      it(`${file} is shorter than ${lines} lines`, () => {
        expect(read(file).split('\n')).to.have.length.below(lines);
      });

      it(`${file} links to pages that exist`, () => {
        const lost = linksIn(read(file)).filter((link) => !existsSync(path.join(folder, link)));

        expect(lost).to.deep.equal([]);
      });

      it(`${file} links to headings that exist`, () => {
        const links = read(file).matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g);
        const lost = [...links].filter(
          ([, page, anchor]) => !anchorsIn(read(page || file)).includes(anchor!),
        );

        expect(lost.map(([link]) => link)).to.deep.equal([]);
      });
    }
  }

  // The others show texts for users in their own language.
  const sameCode = ['deployment', 'emulator', 'frameworks', 'linking', 'migration', 'profile', 'sessions'];
  for (const page of sameCode.map((name) => `${name}.md`)) {
    it(`${page} has the same code in both languages`, () => {
      expect(codeIn(read(page.replace('.md', '.zh-CN.md')))).to.deep.equal(codeIn(read(page)));
    });
  }

  it('deployment.md names every member of the messages', () => {
    const source = readFileSync(path.join(__dirname, '../src/diagnostics.ts'), 'utf8');
    const interfaces = [...source.matchAll(/^(?:export )?interface .*?^}/gms)].join('\n');
    const members = [...interfaces.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name!);

    expect(members).to.include('road');
    expect(
      members.filter((name) => !new RegExp(`\`${name}\\??\``).test(read('deployment.md'))),
    ).to.deep.equal([]);
  });

  for (const file of ['emulator.md', 'emulator.zh-CN.md']) {
    describe(file, () => {
      it('lists every switch with every value, the default first', () => {
        const rows = [...read(file).matchAll(/^\| `(\w+)` \| ((?:`[^`]+`(?:, )?)+) \|.*\|.*\|$/gm)];
        const listed = rows.map(([, name, values]) => [name, values!.slice(1, -1).split('`, `')]);

        expect(Object.fromEntries(listed)).to.deep.equal(behaviours);
      });

      it('lists every member of a fault', () => {
        const source = readFileSync(path.join(__dirname, '../src/emulator/state/faults.ts'), 'utf8');
        const [fault] = /^export interface Fault .*?^}/ms.exec(source)!;
        const members = [...fault.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name!);
        const [, table] = /^## (?:Faults|故障)\n(.*?)^## /ms.exec(read(file))!;

        expect([...table!.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name)).to.have.members(members);
      });

      it('names every option of --help, no other', () => {
        const cli = path.join(__dirname, '../dist/emulator/cli.js');
        const help = spawnSync(process.execPath, [cli, '--help'], { encoding: 'utf8' }).stdout;
        const options = [...help.matchAll(/^ {2}(--[\w-]+)/gm)].map(([, name]) => name!);
        const [, section] = /^## (?:Command line|命令行)\n(.*?)^## /ms.exec(read(file))!;
        const named = [...section!.matchAll(/`(--[\w-]+)`/g)].map(([, name]) => name!);

        expect(options).to.include('--port');
        expect([...new Set(named)]).to.have.members(options);
      });

      it('shows the Python that is tested', () => {
        const shown = [...read(file).matchAll(/^```python\n(.*?)^```$/gms)].map(([, code]) => code);
        const tested = ['authlib_login.py', 'oauth_jaccount_login.py'].map((name) =>
          readFileSync(path.join(__dirname, 'fixtures/python', name), 'utf8'),
        );

        expect(shown).to.deep.equal(tested);
      });
    });
  }
});
