import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';

const root = path.join(__dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

const frameworks = ['Express', 'Koa', 'Fastify', 'Nest', 'Midway', 'egg'];

interface Block {
  source: string;
  language: string;
  code: string;
}

for (const page of ['docs/frameworks.md', 'docs/frameworks.zh-CN.md']) {
  describe(page, () => {
    const text = read(page);
    const sections = text.split(/^## /m).slice(1);

    it('has a section with a program for each framework', () => {
      expect(sections.map((section) => /^\w+/.exec(section)?.[0])).to.deep.equal(frameworks);
      for (const section of sections) expect(blocksOf(section)).to.not.be.empty;
    });

    it('takes every block from an example', () => {
      expect(blocksOf(text)).to.have.length(text.match(/^```\w/gm)!.length);
    });

    for (const { source, language, code } of blocksOf(text)) {
      it(`shows ${source} as it is`, () => {
        expect(language).to.equal(source.includes('.ts') ? 'typescript' : 'js');
        expect(code).to.equal(shownOf(source));
      });
    }
  });
}

function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^<!-- ([^\n]+) -->\n```(\w+)\n(.*?)^```$/gms)].map(
    ([, source, language, code]) => ({
      source: source!,
      language: language!,
      code: code!,
    }),
  );
}

// `file#name` is every region of that name, one after the other.
function shownOf(source: string): string {
  const [file, name] = source.split('#') as [string, string | undefined];
  if (name === undefined) return read(file);
  const regions = read(file).matchAll(new RegExp(`// #region ${name}\n(.*?)^ *// #endregion`, 'gms'));
  return [...regions].map(([, region]) => dedent(region!)).join('');
}

function dedent(region: string): string {
  const indents = [...region.matchAll(/^ *(?=\S)/gm)].map(([indent]) => indent.length);
  return region.replaceAll(new RegExp(`^ {${Math.min(...indents)}}`, 'gm'), '');
}
