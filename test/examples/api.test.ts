import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { freePort } from '../support/free-port';

const run = promisify(execFile);

describe('examples/api.ts', function () {
  this.timeout(30_000);
  let example: ChildProcess;
  let api: string;
  // What it prints: a public call, a line that fetches a token, two calls with it.
  const lines: string[] = [];

  before(async () => {
    const port = await freePort();
    api = `http://localhost:${port}`;
    example = spawn(process.execPath, ['--import', 'tsx', 'examples/api.ts'], {
      cwd: `${__dirname}/../..`,
      env: { ...process.env, PORT: String(port), ISSUER: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface(example.stdout as NodeJS.ReadableStream)) {
      if (lines.push(line) === 4) break;
    }
  });
  after(() => example.kill());

  const shell = async (...script: string[]): Promise<string> =>
    (await run('bash', ['-c', script.join('\n')])).stdout;

  it('prints four lines to try', () => {
    expect(lines.map((line) => line.split(' ', 1)[0])).to.deep.equal([
      'curl',
      'TOKEN=$(curl',
      'curl',
      'curl',
    ]);
  });

  it('answers the public endpoint without a token', async () => {
    expect(await shell(lines[0]!)).to.match(/^HTTP\/1.1 200 /);
  });

  for (const [index, path] of [
    [2, '/api/private'],
    [3, '/api/private-scoped'],
  ] as const) {
    it(`answers ${path} with the token of its line`, async () => {
      const answer = await shell(lines[1]!, lines[index]!);

      expect(lines[index]).to.include(`${api}${path}`);
      expect(answer)
        .to.match(/^HTTP\/1.1 200 /)
        .and.to.include('"isClient":true');
    });

    it(`refuses ${path} without a token`, async () => {
      const response = await fetch(api + path);

      expect(response.status).to.equal(401);
      expect(response.headers.get('www-authenticate')).to.equal('Bearer realm="api"');
      expect(await response.json()).to.include({ code: 'authorization_header_missing' });
    });
  }

  it('refuses the scoped endpoint with a token of another scope', async () => {
    const answer = await shell(lines[1]!.replace('read:messages', 'read:nothing'), lines[3]!);

    expect(answer)
      .to.match(/^HTTP\/1.1 403 /)
      .and.to.include('"code":"Unauthorized"');
    expect(answer).to.match(/^WWW-Authenticate: .*insufficient_scope.*scope="read:messages"/im);
  });

  it('refuses a token for another audience', async () => {
    const answer = await shell(
      lines[1]!.replace('audience=https://api.example/', 'audience=https://x.example/'),
      lines[2]!,
    );

    expect(answer)
      .to.match(/^HTTP\/1.1 401 /)
      .and.to.include('"code":"invalid_claims"');
  });

  it('answers the preflight of a browser before it asks for a token [RS-15]', async () => {
    const { status, headers } = await fetch(`${api}/api/private`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    });

    expect(status).to.equal(204);
    expect(headers.get('access-control-allow-headers')).to.match(/authorization/i);
  });
});
