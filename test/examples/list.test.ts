import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';

const folder = `${__dirname}/../../examples`;

describe('examples/README.md', () => {
  it('lists every example', () => {
    const names = readdirSync(folder);
    const files = names.filter((name) => /\.([cm]js|ts)$/.test(name));
    const applications = names.map((name) => `${name}/index.js`);
    const programs = [...files, ...applications.filter((file) => existsSync(`${folder}/${file}`))];
    const parts = programs.flatMap((file) => importedBy(file));

    expect(listed()).to.have.members(programs.filter((file) => !parts.includes(file)));
  });

  it('lists none that no test starts', () => {
    const tests = `${__dirname}/..`;
    const text = readdirSync(tests, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.ts$/.test(file) && !file.includes('node_modules'))
      .map((file) => readFileSync(`${tests}/${file}`, 'utf8'))
      .join('\n');

    const starts = text.matchAll(/(?:examples\/|example: '|startExample\(')([\w/-]+\.(?:[cm]?js|ts))/g);
    const started = new Set([...starts].map(([, file]) => file));

    expect(listed().filter((file) => !started.has(file))).to.deep.equal([]);
  });
});

function listed(): string[] {
  return [...read('README.md').matchAll(/^\| \[(.+)\]\(\1\) \|/gm)].map(([, file]) => file as string);
}

function importedBy(file: string): string[] {
  return [...read(file).matchAll(/from '\.\/(.+)'/g)].map(([, part]) => part as string);
}

function read(file: string): string {
  return readFileSync(`${folder}/${file}`, 'utf8');
}
