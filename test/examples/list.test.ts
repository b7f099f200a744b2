import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';

const folder = `${__dirname}/../../examples`;

describe('examples/README.md', () => {
  it('lists every example', () => {
    const programs = readdirSync(folder).filter((file) => /\.([cm]js|ts)$/.test(file));
    const parts = programs.flatMap((file) => importedBy(file));
    const listed = [...read('README.md').matchAll(/^\| \[(.+)\]\(\1\) \|/gm)].map(([, file]) => file);

    expect(listed).to.have.members(programs.filter((file) => !parts.includes(file)));
  });
});

function importedBy(file: string): string[] {
  return [...read(file).matchAll(/from '\.\/(.+)'/g)].map(([, part]) => part as string);
}

function read(file: string): string {
  return readFileSync(`${folder}/${file}`, 'utf8');
}
