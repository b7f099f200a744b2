import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { JaccountClient } from 'passport-jaccount';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { tokensOf } from '../support/consent';

const everything = 'basic essential profile lessons exams scores card_info card_transactions';

describe("the emulator's REST API", () => {
  let emulator: Emulator;
  let client: JaccountClient;
  let accessToken: string;

  before(async () => {
    emulator = await startEmulator();
    client = new JaccountClient({ ...emulator.client, ...emulator.endpoints });
    ({ accessToken } = await tokensOf(client, 'zhaoyichen', everything));
  });
  after(() => emulator.stop());

  it('gives the application a token of its own', async () => {
    const tokens = await client.clientCredentials({ scope: 'basic' });

    expect(tokens.expiresAt).to.be.a('number');
    expect(tokens).not.to.have.property('claims');
    expect(await client.profileOf('linmuqing', tokens)).to.include({
      id: 'linmuqing',
      displayName: '林慕青',
    });
  });

  it('shows another account', async () => {
    expect(await client.profileOf('linmuqing', { accessToken })).to.include({ id: 'linmuqing' });
  });

  it('lists positions', async () => {
    const positions = await client.positions({ accessToken });

    for (const { post, dept } of positions) {
      expect(post?.postCode).to.be.a('string');
      expect(dept?.organizeId).to.match(/^\d{5}$/);
    }
    expect(positions).to.not.be.empty;
  });

  it('lists rights', async () => {
    expect(await client.rights({ accessToken })).to.be.an('array');
  });

  it('lists departments, whose codes keep their zeros', async () => {
    const organizations = await client.organizations();

    expect(organizations.map(({ organizeId }) => organizeId)).to.include('03000');
  });

  it('lists the lessons of a term', async () => {
    const [lesson = assert.fail()] = await client.lessons(undefined, { accessToken });

    expect(lesson).to.include.keys('name', 'bsid', 'code', 'course', 'teachers');
  });

  it('shows one lesson, by bsid and by code', async () => {
    const [{ bsid = '', code = '' } = assert.fail()] = await client.lessons(undefined, { accessToken });

    const lessons = await Promise.all([bsid, code].map((id) => client.lesson(id, { accessToken })));

    expect(lessons.map((lesson) => lesson.bsid)).to.deep.equal([bsid, bsid]);
  });

  it('lists examinations', async () => {
    expect(await client.examinations(undefined, { accessToken })).to.be.an('array');
  });

  it('shows the calendar', async () => {
    expect(await client.calendar('2026-09-01', '2027-01-31')).to.be.an('array');
  });

  it('shows the card', async () => {
    const [card = assert.fail()] = await client.card({ accessToken });

    expect(card.cardNo).to.be.a('string');
    expect(card.cardBalance).to.be.a('number');
  });

  it('lists every transaction once', async () => {
    const seen: unknown[] = [];

    for await (const { dateTime } of client.cardTransactions({}, { accessToken })) seen.push(dateTime);

    const { total } = await firstPage();
    expect(seen).to.have.length(total);
  });

  async function firstPage(): Promise<{ total: number }> {
    const { url, headers } = client.apiRequest('/me/card/transactions', { accessToken, query: { limit: 1 } });
    return (await (await fetch(url, { headers })).json()) as { total: number };
  }

  const needs: [operation: string, scopes: string[]][] = [
    ['GET /v1/me/lessons', ['lessons']],
    ['GET /v1/me/examinations', ['exams', 'scores']],
    ['GET /v1/me/card', ['card_info']],
    ['GET /v1/me/card/transactions', ['card_transactions']],
  ];
  for (const [operation, requiredScopes] of needs) {
    it(`says what ${operation} needs`, async () => {
      const basic = await tokensOf(client, 'zhaoyichen', 'basic');

      await assert.rejects(client.call(operation, { accessToken: basic.accessToken }), {
        errno: 10010,
        requiredScopes,
      });
    });
  }
});

describe('examples/client.ts', () => {
  let output: string;

  before(() => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'examples/client.ts'],
      {
        cwd: `${__dirname}/../..`,
        encoding: 'utf8',
      },
    );
    expect(status, stderr).to.equal(0);
    output = stdout;
  });

  // The rows of the Python package's README, then those that it has not. What depends on the day is left open.
  const rows: [title: string, result: RegExp][] = [
    ['authorization address', /^\/oauth2\/authorize$/],
    ['access token for', /^1[78]\d\d seconds$/],
    ['ID Token of', /^zhaoyichen \(student\)$/],
    ['refreshed', /^a new token$/],
    ['PROFILE', /^赵一辰, 电子信息与电气工程学院$/],
    ['AUTH_POSITIONS', /学生/],
    ['AUTH_RIGHTS', /^[1-9]\d* entities$/],
    ['EDU_LESSONS', /^\(\d{4}-\d{4}-[123]\)-\w/],
    ['EDU_EXAMS', /^[1-9]\d* entities$/],
    ['any path', /^[1-9]\d* departments$/],
    ['sent with fetch()', /^200, errno,error,total,entities$/],
    ['token request, not sent', /^grant_type code redirect_uri$/],
    ['login after a local logout only', /^the same user, silently$/],
    ['login after a logout at jAccount', /^asks who it is$/],
    ['card transactions', /^\d+$/],
    ['without a scope', /GET \/v1\/gpa needs the scope "scores"$/],
    ['five calls with expired tokens', /^1 refresh$/],
    ['profile of another account', /^林慕青$/],
  ];
  for (const [title, result] of rows) {
    it(`shows "${title}"`, () => {
      expect(results().get(title)).to.match(result);
    });
  }

  it('shows nothing else', () => {
    expect([...results().keys()]).to.have.members(rows.map(([title]) => title));
  });

  // A title is padded to 34 characters.
  function results(): Map<string, string> {
    const lines = output.trimEnd().split('\n');
    return new Map(lines.map((line) => [line.slice(0, 34).trimEnd(), line.slice(35)]));
  }
});
