import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';

// Each folder of src/ and the folders it may import from. 'ground' is src/ itself without index.
const floors: Record<string, string[]> = {
  jaccount: [],
  ground: ['jaccount'],
  protocol: ['jaccount', 'ground'],
  profile: ['jaccount', 'ground'],
  login: ['jaccount', 'ground', 'protocol', 'profile'],
  strategy: ['jaccount', 'ground', 'protocol', 'profile', 'login'],
  client: ['jaccount', 'ground', 'protocol', 'profile'],
  bearer: ['jaccount', 'ground', 'protocol', 'profile', 'strategy'],
  handlers: ['jaccount', 'ground', 'profile', 'bearer'],
  emulator: ['jaccount'],
};

const root = path.join(__dirname, '..', 'src');
const sources = readdirSync(root, { recursive: true })
  .map((file) => String(file).replaceAll('\\', '/'))
  .filter((file) => /\.m?ts$/.test(file));
const housed = sources.filter((file) => !/^index\.m?ts$/.test(file));

function textOf(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

function floorOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] as string) : 'ground';
}

// import … from './x', export … from './x', import('./x'), require('./x') and import './x'.
function relativeImports(file: string, text = textOf(file)): string[] {
  const targets = text.matchAll(/(?:\bfrom|\bimport|\brequire)\s*\(?\s*['"](\.{1,2}\/[^'"]*|\.{1,2})['"]/g);
  return [...targets].map(([, target]) =>
    path.posix.join(path.posix.dirname(file), target as string).replace(/\.js$/, ''),
  );
}

// A type leaves no import behind: a circle of types is none when the program runs.
function valuesOf(text: string): string {
  return text.replace(/\b(?:import|export)\s+(?:type\s[^;]*|\{(?:\s*type\s+\w+,?)*\s*\}\s*from[^;]*);/g, '');
}

function importsOf(files: readonly string[]): { file: string; target: string }[] {
  return files.flatMap((file) => relativeImports(file).map((target) => ({ file, target })));
}

describe('src/', () => {
  it('has no folder without a floor', () => {
    const strangers = housed.filter((file) => !Object.hasOwn(floors, floorOf(file)));

    expect(strangers).to.deep.equal([]);
  });

  it('imports downwards only', () => {
    const climbs = importsOf(housed)
      .filter(({ file, target }) => {
        const [from, to] = [floorOf(file), floorOf(target)];
        return from !== to && !floors[from]?.includes(to);
      })
      .map(({ file, target }) => `${file} imports ${target}`);

    expect(climbs).to.deep.equal([]);
  });

  it('imports the roof from the other door alone', () => {
    const visitors = importsOf(sources)
      .filter(({ target }) => target === 'index')
      .map(({ file }) => file);

    expect([...new Set(visitors)]).to.deep.equal(['index.mts']);
  });

  it('imports only files that exist', () => {
    const lost = importsOf(sources).filter(({ target }) => !sources.includes(`${target}.ts`));

    expect(lost).to.deep.equal([]);
  });

  it('imports values without a circle', () => {
    const below = new Map(
      sources.map((file) => [
        file,
        relativeImports(file, valuesOf(textOf(file))).map((target) => `${target}.ts`),
      ]),
    );
    const circles = sources.filter((file) => {
      const reached = new Set(below.get(file));
      for (const next of reached) for (const further of below.get(next) ?? []) reached.add(further);
      return reached.has(file);
    });

    expect(circles).to.deep.equal([]);
  });

  // What parses, verifies and sends must not be shared: one misreading of the protocol would be made twice and cancel out.
  it('lets the emulator import the facts about jAccount alone', () => {
    const emulator = housed.filter((file) => floorOf(file) === 'emulator');
    const reached = new Set(importsOf(emulator).map(({ target }) => floorOf(target)));

    expect([...reached].sort()).to.deep.equal(['emulator', 'jaccount']);
  });

  // What passport-oauth2, oauth and Passport keep to themselves may be renamed by any version of theirs.
  it("names other packages' underscore members in two files alone", () => {
    const members = /\b_(?:oauth2|clientSecret|stateStore|verify|callbackURL|skipUserProfile|userProperty)\b/;

    const mentions = sources.filter((file) => members.test(textOf(file)));

    expect(mentions.sort()).to.deep.equal(['frameworks.ts', 'strategy/strategy.ts']);
  });
});
