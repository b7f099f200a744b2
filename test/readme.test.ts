import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { messageFor, StateError, userTypes } from 'passport-jaccount';
import { freePort } from './support/free-port';
import { UserAgent } from './support/user-agent';

const read = (file: string) => readFileSync(`${__dirname}/../${file}`, 'utf8');

for (const file of ['README.md', 'README.zh-CN.md']) {
  describe(file, () => {
    const readme = read(file);

    it('shows examples/express.mjs as it is', () => {
      const [, shown] = /<!-- examples\/express\.mjs -->\n```js\n([\s\S]*?)```/.exec(readme) ?? [];

      expect(shown).to.equal(read('examples/express.mjs'));
    });

    it('lists the user types as the package has them', () => {
      const rows = [...readme.matchAll(/^\| `(\w+)` \| (\S+) \| ([\w -]+) \| `(\w+)` \|$/gm)];

      expect(rows.map(([, code, zh, en, group]) => ({ code, zh, en, group }))).to.deep.equal(
        [...userTypes.values()].map(({ code, name, group }) => ({ code, ...name, group })),
      );
    });

    it('names a test that exists in each cell of the table of frameworks', () => {
      const rows = readme.split('\n').filter((line) => /^\| .*`[a-z-]+\/[a-z-]+` \|/.test(line));
      const names = rows.flatMap((row) => row.split('|').slice(3, 6)).map((cell) => cell.trim());
      const tests = new Set(names.flatMap((name) => (name === '–' ? [] : [name.replaceAll('`', '')])));

      expect(rows).to.have.length(12);
      for (const test of tests) expect(() => read(`test/${test}.test.ts`)).not.to.throw();
    });

    for (const target of [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(
      ([, path]) => path as string,
    )) {
      it(`links to ${target}, which exists`, () => {
        expect(() => read(target)).not.to.throw();
      });
    }
  });
}

describe('README.md and README.zh-CN.md', () => {
  it('have the same sections, tables and blocks of code', () => {
    const shape = (text: string) =>
      text.split('\n').flatMap((line) => /^(?:#+ |```\w+|\| `[^`]+`)/.exec(line) ?? []);

    expect(shape(read('README.zh-CN.md'))).to.deep.equal(shape(read('README.md')));
  });
});

describe('examples/express.mjs', () => {
  let example: ChildProcess;
  let url: string;

  before(async () => {
    const port = await freePort();
    example = spawn(process.execPath, ['examples/express.mjs'], {
      cwd: `${__dirname}/..`,
      env: { ...process.env, PORT: String(port), JACCOUNT_CLIENT_ID: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    [url] = await once(createInterface(example.stdout as NodeJS.ReadableStream), 'line');
  });
  after(() => example.kill());

  it('signs a user in', async () => {
    const agent = new UserAgent();
    const loginPage = await agent.follow(await agent.get(`${url}/login`));

    const home = await agent.follow(await agent.choose(loginPage, 'zhaoyichen'));

    expect(home.json()).to.deep.equal({ account: 'zhaoyichen', name: '赵一辰', userType: 'student' });
  });

  it('ends with the reason where its port is taken', () => {
    const { status, stderr } = spawnSync(process.execPath, ['examples/express.mjs'], {
      cwd: `${__dirname}/..`,
      env: { ...process.env, PORT: new URL(url).port, JACCOUNT_CLIENT_ID: '' },
      encoding: 'utf8',
      timeout: 10_000,
    });

    expect(status).to.equal(1);
    expect(stderr).to.contain('EADDRINUSE');
  });

  it('says on its page why a login failed', async () => {
    const agent = new UserAgent();

    const home = await agent.follow(await agent.get(`${url}/callback?code=A&state=of-nobody`));

    expect(home.json().problems).to.have.length(1);
    expect(home.json().problems[0]).to.equal(messageFor(new StateError('no-transaction'), 'zh'));
  });

  it('signs out of jAccount too', async () => {
    const agent = new UserAgent();
    const loginPage = await agent.follow(await agent.get(`${url}/login`));
    await agent.follow(await agent.choose(loginPage, 'zhaoyichen'));

    const home = await agent.follow(await agent.post(`${url}/logout`, {}));
    const next = await agent.follow(await agent.get(`${url}/login`));

    expect(home.json()).to.have.property('signIn');
    expect(next.url).to.include('/jaccount/jalogin');
  });
});
