import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { startEmulator } from 'passport-jaccount/emulator';
import { readAccounts } from '../../dist/emulator/state/accounts-file.js';
import { callApi, userToken } from '../support/api-calls';

describe('readAccounts()', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'jaccount-accounts-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  function fileWith(content: string | Uint8Array): string {
    const file = path.join(folder, 'accounts.json');
    writeFileSync(file, content);
    return file;
  }

  function messageFor(content: string | Uint8Array): string {
    const file = fileWith(content);
    try {
      readAccounts(file);
    } catch (error) {
      expect(error).to.be.instanceOf(TypeError);
      return (error as Error).message.replace(folder + path.sep, '');
    }
    throw new Error('it was read');
  }

  it('fills in what an account is nothing without', () => {
    const accounts = readAccounts(fileWith('[{"account": "zhang.san"}]'));

    expect(accounts).to.deep.equal([
      { account: 'zhang.san', name: 'zhang.san', kind: 'canvas.profile', timeZone: 0 },
    ]);
  });

  it('keeps what there is, in the order of the file', () => {
    const entries = [
      { account: 'second', name: '二', kind: 'canvas.profile', timeZone: 8, code: '', organize: {} },
      { account: 'First_1', name: '', kind: 'x', timeZone: 0, identities: [], birthday: 951782400000 },
    ];

    expect(readAccounts(fileWith(JSON.stringify(entries)))).to.deep.equal(entries);
  });

  it('reads an empty array', () => {
    expect(readAccounts(fileWith('[]'))).to.deep.equal([]);
  });

  it('reads a file that an editor began with a byte order mark', () => {
    expect(readAccounts(fileWith('\ufeff[{"account": "zhangsan"}]'))).to.have.length(1);
  });

  it('gives accounts that sign in', async () => {
    const own = { account: 'zhangsan', name: '张三', userType: 'student', code: '1' };
    const emulator = await startEmulator({ accounts: readAccounts(fileWith(JSON.stringify([own]))) });

    const token = await userToken(emulator, 'zhangsan', 'essential');
    const { body } = await callApi(emulator, '/v1/me/profile', token);

    expect(body.entities?.[0]).to.deep.equal({ ...own, kind: 'canvas.profile', timeZone: 0 });
    await emulator.stop();
  });

  // The second entry is the one that is wrong.
  const wrong: [what: string, entry: unknown, message: string][] = [
    ['no object', 'lisi', 'entry 2: must be an object'],
    ['null', null, 'entry 2: must be an object'],
    ['an array', [], 'entry 2: must be an object'],
    ['without an account', { name: 'x' }, 'entry 2: account must be an account name of jAccount'],
    [
      'with a number for an account',
      { account: 1234 },
      'entry 2: account must be an account name of jAccount',
    ],
    [
      'with an unknown member',
      { account: 'lisi', usertype: 'student' },
      'entry 2 (lisi): "usertype" is unknown',
    ],
    [
      'with a user type that is no text',
      { account: 'lisi', userType: 1 },
      'entry 2 (lisi): userType must be text',
    ],
    ['with a number that is no text', { account: 'lisi', code: 523030 }, 'entry 2 (lisi): code must be text'],
    ['with a name that is null', { account: 'lisi', name: null }, 'entry 2 (lisi): name must be text'],
    [
      'with a password that is no text',
      { account: 'lisi', password: 1 },
      'entry 2 (lisi): password must be text',
    ],
    [
      'with text for a truth',
      { account: 'lisi', changesIdentity: 'yes' },
      'entry 2 (lisi): changesIdentity must be true or false',
    ],
    [
      'with text for a time zone',
      { account: 'lisi', timeZone: '+8' },
      'entry 2 (lisi): timeZone must be a whole number',
    ],
    [
      'with an organization by its id',
      { account: 'lisi', organize: '03000' },
      'entry 2 (lisi): organize must be an object',
    ],
    [
      'with identities of text',
      { account: 'lisi', identities: ['student'] },
      'entry 2 (lisi): identities must be an array of objects',
    ],
    [
      'with one lesson alone',
      { account: 'lisi', lessons: {} },
      'entry 2 (lisi): lessons must be an array of objects',
    ],
    [
      'with a birthday in text',
      { account: 'lisi', birthday: '2000-02-29' },
      'entry 2 (lisi): birthday must be an object of text, or milliseconds',
    ],
    ['with the account of another', { account: 'zhangsan' }, 'entry 2 (zhangsan): entry 1 has this account'],
    [
      'with the account of another in capitals',
      { account: 'ZhangSan' },
      'entry 2 (ZhangSan): entry 1 has this account',
    ],
  ];
  for (const [what, entry, message] of wrong) {
    it(`refuses an entry ${what}, saying where it is`, () => {
      const content = JSON.stringify([{ account: 'zhangsan' }, entry], null, 2);

      expect(messageFor(content)).to.equal(`accounts.json: ${message}`);
    });
  }

  it('refuses an account that an entry before has in capitals', () => {
    const content = '[{"account": "ZhangSan"}, {"account": "zhangsan"}]';

    expect(messageFor(content)).to.equal('accounts.json: entry 2 (zhangsan): entry 1 has this account');
  });

  // NIC: three to forty letters, digits, dots, hyphens and underscores; no symbol at either end.
  const names: [name: string, valid: boolean][] = [
    ['abc', true],
    ['ab', false],
    [`a${'b'.repeat(38)}c`, true],
    [`a${'b'.repeat(39)}c`, false],
    ['a.b-c_d', true],
    ['.abc', false],
    ['abc_', false],
    ['a b c', false],
    ['张三三', false],
    ['abc\n', false],
    ['__proto__', false],
  ];
  for (const [name, valid] of names) {
    it(`${valid ? 'takes' : 'refuses'} the account ${JSON.stringify(name)}`, () => {
      const read = () => readAccounts(fileWith(JSON.stringify([{ account: name }])));

      if (valid) expect(read()[0]).to.have.property('account', name);
      else expect(read).to.throw(TypeError, 'entry 1: account must be');
    });
  }

  const broken: [what: string, content: string, place: string][] = [
    ['is empty', '', 'line 1, column 1'],
    ['ends too early', '[\n  {"account": "a', 'line 2, column 17'],
    ['has a comma too many', '[\n  {"account": "abc"},\n]', 'line 3, column 1'],
    ['lacks a comma', '[\n  {"account": "abc"}\n  {"account": "def"}\n]', 'line 3, column 3'],
    ['has a word without quotes', '[{"account": abc}]', 'line 1, column 14'],
    ['has single quotes', "['abc']", 'line 1, column 2'],
    ['has a comment', '// people\n[]', 'line 1, column 1'],
    ['goes on behind its end', '[]\n[]', 'line 2, column 1'],
    ['has a line end within a text', '["a\nb"]', 'line 1, column 4'],
  ];
  for (const [what, content, place] of broken) {
    it(`names the place where a file ${what}`, () => {
      expect(messageFor(content)).to.equal(`accounts.json: no JSON from ${place} on`);
    });
  }

  it('repeats nothing of a broken file', () => {
    expect(messageFor('[{"account": "abc", "password": hunter2}]')).not.to.include('hunter2');
  });

  it('refuses a file that is not in UTF-8', () => {
    const gb18030 = Uint8Array.of(0x5b, 0x22, 0xd5, 0xc5, 0x22, 0x5d);

    expect(messageFor(gb18030)).to.equal('accounts.json: the file is not in UTF-8');
  });

  for (const content of ['{"account": "abc"}', 'null', '"abc"']) {
    it(`refuses ${content}, which is no array`, () => {
      expect(messageFor(content)).to.equal('accounts.json: there must be an array of accounts');
    });
  }

  it('says so where there is no such file', () => {
    const file = path.join(folder, 'nobody.json');

    expect(() => readAccounts(file)).to.throw(TypeError, `${file}: there is no such file`);
  });

  it('says so where a folder is no file', () => {
    expect(() => readAccounts(folder)).to.throw(TypeError, `${folder}: the file cannot be read`);
  });
});
