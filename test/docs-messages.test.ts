import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';

const root = path.join(__dirname, '..');

interface Row {
  messages: string[];
  /** The packages of node_modules that say them; none for Node, jAccount and browsers. */
  packages: string[];
}

const pages = [
  { page: 'errors.md', heading: 'Messages from elsewhere' },
  { page: 'errors.zh-CN.md', heading: '来自别处的报错' },
];

function rowsOf({ page, heading }: (typeof pages)[number]): Row[] {
  const text = readFileSync(path.join(root, 'docs', page), 'utf8');
  const [, section = ''] = text.split(`\n## ${heading}\n`);
  const [, , ...rows] = section.split('\n## ', 1)[0]!.match(/^\|.*\|$/gm) ?? [];
  return rows.map((row) => {
    const [messages = '', sayers = ''] = row.split(' | ');
    return { messages: codeIn(messages), packages: codeIn(sayers).filter(isPackage) };
  });
}

/** What is between backticks, one or two. */
function codeIn(cell: string): string[] {
  return [...cell.matchAll(/(`+) ?(.+?) ?\1(?!`)/g)].map(([, , code]) => code!);
}

const isPackage = (name: string) => /^(?:@[a-z]+\/)?[a-z0-9-]+$/.test(name);

/** All JavaScript of an installed package, with texts that go over several lines put together. */
function sourceOf(name: string): string {
  const folder = path.join(root, 'node_modules', name);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.[cm]?js$/.test(file) && !/(?:^|\/)(?:node_modules|test|tests|examples)\//.test(file),
  );
  return files
    .map((file) => readFileSync(path.join(folder, file), 'utf8'))
    .join('\n')
    .replaceAll(/(?:\\n)?'\s*\+\s*'/g, ' ');
}

/** A message without the values that the package, or the engine, puts in. */
const constantParts = (message: string) =>
  message.split(/jaccount|GET[ :]\/callback|(?<=^req\..*) is not a function$/).filter(Boolean);

describe('the messages from elsewhere in docs/errors.md', () => {
  it('are the same in both languages', () => {
    const [english, chinese] = pages.map(rowsOf);

    expect(chinese).to.deep.equal(english);
  });

  const quoted = rowsOf(pages[0]!).filter(({ packages }) => packages.length > 0);

  it('are quoted from the packages that users see', () => {
    const names = quoted.flatMap(({ packages }) => packages);

    expect(names).to.include.members(['passport', 'passport-oauth2', 'express-session', '@nestjs/passport']);
    expect(names).to.include.members(['@fastify/passport', 'cookie-session', 'finalhandler', 'fastify']);
  });

  const says = (name: string, message: string) => {
    const source = sourceOf(name);
    return constantParts(message).every((part) => source.includes(part));
  };
  for (const { messages, packages } of quoted) {
    for (const message of messages) {
      it(`are said by ${packages.join(' or ')}: ${message}`, () => {
        expect(constantParts(message)).to.not.be.empty;
        expect(packages.filter((name) => says(name, message))).to.not.be.empty;
      });
    }
    for (const name of packages.slice(1)) {
      it(`name ${name} for one that it says`, () => {
        expect(messages.filter((message) => says(name, message))).to.not.be.empty;
      });
    }
  }
});
