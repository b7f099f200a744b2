import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { behaviours } from 'passport-jaccount/emulator';
import { freePort } from '../support/free-port';

const cli = path.join(__dirname, '../../dist/emulator/cli.js');

interface Ending {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

describe('passport-jaccount', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  function spawnCLI(args: string[], environment: NodeJS.ProcessEnv = {}) {
    const { NODE_ENV: _, ...env } = process.env;
    const child = spawn(process.execPath, [cli, ...args], {
      env: { ...env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output.stderr += text;
    });
    const ending = new Promise<Ending>((resolve) => {
      child.on('close', (code, signal) => resolve({ code, signal, ...output }));
    });
    return { child, output, ending };
  }

  function run(args: string[], environment?: NodeJS.ProcessEnv): Promise<Ending> {
    return spawnCLI(args, environment).ending;
  }

  /** Runs until it has printed where it is. */
  async function launch(args: string[], environment?: NodeJS.ProcessEnv) {
    const started = spawnCLI(['emulator', '--port', '0', ...args], environment);
    const { child, output, ending } = started;
    await Promise.race([
      ending.then(({ stderr }) => Promise.reject(new Error(`ended early: ${stderr}`))),
      new Promise<void>((resolve) => {
        child.stdout.on('data', () => /clientSecret .+\n/.test(output.stdout) && resolve());
      }),
    ]);
    const printed = Object.fromEntries(
      [...output.stdout.matchAll(/^ {2}(\w+) +(\S+)$/gm)].map(([, name, value]) => [name, value]),
    ) as Record<string, string>;
    return { ...started, printed };
  }

  function expectComplaint({ code, stdout, stderr }: Ending, what: RegExp): void {
    expect(stderr)
      .to.match(what)
      .and.match(/^passport-jaccount: /);
    expect(stderr).not.to.match(/\n +at |node:internal/);
    expect(stdout).to.equal('');
    expect(code).to.equal(1);
  }

  describe('help', () => {
    for (const args of [['--help'], ['help'], [], ['emulator', '--help']]) {
      it(`is printed by "${['passport-jaccount', ...args].join(' ')}"`, async () => {
        const { code, stdout, stderr } = await run(args);

        expect(stdout).to.match(/^Usage: passport-jaccount emulator/);
        expect(stderr).to.equal('');
        expect(code).to.equal(0);
      });
    }

    it('tells of every option', async () => {
      const { stdout } = await run(['--help']);

      const options = [
        'port',
        'host',
        'tls',
        'client',
        'redirect-uri',
        'accounts',
        'behaviour',
        'quiet',
        'force',
      ];
      for (const option of [...options, 'help']) expect(stdout).to.contain(`--${option}`);
    });

    it('tells of every switch with its values', async () => {
      const { stdout } = await run(['--help']);

      for (const [name, values] of Object.entries(behaviours)) {
        expect(stdout).to.match(new RegExp(`^ +${name} +${values.join(' \\| ')}$`, 'm'));
      }
    });
  });

  describe('misuse', () => {
    const misuses: [args: string[], complaint: RegExp][] = [
      [['server'], /unknown command "server"/],
      [['--port', '0'], /unknown command "--port"/],
      [['emulator', '--prot', '0'], /--prot.*--help/],
      [['emulator', 'extra'], /extra/],
      [['emulator', '--port'], /--port/],
      [['emulator', '--port', 'http'], /--port: "http"/],
      [['emulator', '--port', '65536'], /--port: "65536"/],
      [['emulator', '--port', '100000'], /--port: "100000"/],
      [['emulator', '--port=-1'], /--port: "-1"/],
      [['emulator', '--port', '80.5'], /--port: "80.5"/],
      [['emulator', '--port', '1e3'], /--port: "1e3"/],
      [['emulator', '--port', '0x50'], /--port: "0x50"/],
      [['emulator', '--port='], /--port: ""/],
      [['emulator', '--client', 'id'], /--client/],
      [['emulator', '--client', 'id:'], /--client/],
      [['emulator', '--client', ':secret'], /--client/],
      [['emulator', '--redirect-uri', 'http://localhost/'], /--redirect-uri/],
      [['emulator', '--redirect-uri', 'http://localhost/', '--client', 'id:secret'], /--redirect-uri/],
      [['emulator', '--port', '0', '--client', 'id:secret', '--redirect-uri', 'callback'], /--redirect-uri/],
      [['emulator', '--behaviour', 'consent'], /--behaviour/],
      [['emulator', '--behaviour', '=first'], /--behaviour/],
      [['emulator', '--behaviour', 'consent='], /consent is one of never, first, always/],
      [['emulator', '--behaviour', 'consent=sometimes'], /consent is one of never, first, always/],
      [['emulator', '--behaviour', 'manners=good'], /"manners"/],
      [['emulator', '--port', '0', '--accounts', 'no-such-file.json'], /no-such-file\.json/],
      [['emulator', '--port', '0', '--accounts'], /--accounts/],
    ];
    for (const [args, complaint] of misuses) {
      it(`is explained for "${args.join(' ')}"`, async () => {
        // One that is not noticed starts an emulator, which would run for ever.
        const { ending, child } = spawnCLI(args);
        child.stdout.once('data', () => child.kill('SIGTERM'));

        expectComplaint(await ending, complaint);
      });
    }

    it('does not print the secret it complains of', async () => {
      const { stderr } = await run(['emulator', '--client', ':canary-secret']);

      expect(stderr).not.to.contain('canary');
    });
  });

  describe('emulator', () => {
    it('prints endpoints that answer', async () => {
      const { printed } = await launch([]);

      const response = await fetch(printed.authorizationURL ?? '');

      expect(response.status).to.equal(400);
      expect(await response.json()).to.have.property('error', 'invalid_request');
    });

    it('prints what goes into the options of a strategy', async () => {
      const { printed } = await launch([]);

      expect(printed).to.have.all.keys([
        ...['issuer', 'authorizationURL', 'tokenURL', 'logoutURL', 'apiURL'],
        ...['clientID', 'clientSecret'],
      ]);
      expect(printed.issuer).to.match(/^http:\/\/127\.0\.0\.1:\d+\/oauth2\/$/);
    });

    it('says what it is [E-19]', async () => {
      const { output } = await launch([]);

      expect(output.stdout).to.match(/^jAccount emulator at http:\/\/127\.0\.0\.1:\d+\n/);
    });

    it('listens on the host asked for', async () => {
      const { printed } = await launch(['--host', 'localhost']);

      expect(printed.issuer).to.match(/^http:\/\/localhost:\d+\/oauth2\/$/);
    });

    it('explains that a port is taken', async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      const port = typeof address === 'object' ? String(address?.port) : '';

      const ending = await run(['emulator', '--port', port]);

      server.close();
      expectComplaint(ending, /port is taken: choose another with --port/);
      expect(ending.stderr.trimEnd().split('\n')).to.have.length(1);
    });

    it('does not start in production [E-19]', async () => {
      expectComplaint(
        await run(['emulator', '--port', '0'], { NODE_ENV: 'production' }),
        /NODE_ENV=production/,
      );
    });

    it('starts in production by force', async () => {
      const { printed } = await launch(['--force'], { NODE_ENV: 'production' });

      expect((await fetch(printed.authorizationURL ?? '')).status).to.equal(400);
    });
  });

  describe('--behaviour', () => {
    it('turns switches from the start', async () => {
      const { printed } = await launch(['--behaviour', 'maintenance=on', '--behaviour', 'consent=first']);
      const { origin } = new URL(printed.issuer ?? '');

      const { behaviour } = (await (await fetch(`${origin}/emulator/state`)).json()) as any;

      expect(behaviour).to.include({ maintenance: 'on', consent: 'first', sso: 'kept' });
      expect((await fetch(printed.authorizationURL ?? '')).status).to.equal(503);
    });
  });

  describe('--accounts', () => {
    it('lets people of a file sign in', async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'jaccount-cli-'));
      const file = path.join(folder, 'people.json');
      await writeFile(
        file,
        JSON.stringify([{ account: 'from.file', name: '来自文件', userType: 'student' }]),
      );
      const { printed } = await launch(['--accounts', file]);

      const { status } = await fetch(`${new URL(printed.issuer ?? '').origin}/jaccount/ulogin`, {
        method: 'POST',
        body: new URLSearchParams({ account: 'from.file' }),
        redirect: 'manual',
      });

      await rm(folder, { recursive: true });
      expect(status).to.equal(303);
    });
  });

  describe('--tls', () => {
    it('prints the file that Node is to trust', async () => {
      const { printed, output } = await launch(['--tls']);
      while (!output.stdout.includes('NODE_EXTRA_CA_CERTS=')) await setImmediate();
      const [, file = ''] = /NODE_EXTRA_CA_CERTS=(\S+)/.exec(output.stdout) ?? [];
      const client = spawn(
        process.execPath,
        [
          '-e',
          'fetch(process.argv[1]).then(({ status }) => process.exit(status === 400 ? 0 : 1))',
          printed.authorizationURL ?? '',
        ],
        { env: { ...process.env, NODE_EXTRA_CA_CERTS: file } },
      );

      const [code] = await once(client, 'exit');

      expect(printed.issuer).to.match(/^https:/);
      expect(code).to.equal(0);
    });

    it('takes that file away in the end', async () => {
      const { child, ending, output } = await launch(['--tls']);
      while (!output.stdout.includes('NODE_EXTRA_CA_CERTS=')) await setImmediate();
      const [, file = ''] = /NODE_EXTRA_CA_CERTS=(\S+)/.exec(output.stdout) ?? [];
      expect(existsSync(file)).to.equal(true);

      child.kill('SIGTERM');
      await ending;

      expect(existsSync(file)).to.equal(false);
    });
  });

  describe('--quiet', () => {
    it('prints nothing, and serves', async () => {
      const port = await freePort();
      const { child, ending } = spawnCLI(['emulator', '--quiet', '--port', String(port)]);
      await answered(`http://127.0.0.1:${port}/`);

      child.kill('SIGTERM');

      expect(await ending).to.include({ code: 0, stdout: '', stderr: '' });
    });
  });

  /** Resolves once somebody answers there. */
  async function answered(url: string): Promise<void> {
    while (!(await fetch(url).catch(() => undefined))) await setImmediate();
  }

  describe('--client', () => {
    const clients = [
      ...['--client', 'library:se:cret', '--redirect-uri', 'https://library.example/a'],
      ...['--redirect-uri', 'https://library.example/b', '--client', 'desk:secret'],
    ];

    async function statusOf(authorizationURL: string | undefined, client: string, redirectURI: string) {
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: client,
        redirect_uri: redirectURI,
      });
      return (await fetch(`${authorizationURL}?${query}`, { redirect: 'manual' })).status;
    }

    const requests: [client: string, redirectURI: string, status: number][] = [
      ['library', 'https://library.example/a', 302],
      ['library', 'https://library.example/b', 302],
      ['library', 'https://library.example/c', 400],
      ['library', 'http://localhost:3000/callback', 400],
      ['desk', 'http://localhost:3000/callback', 302],
      ['desk', 'https://library.example/a', 400],
      ['stranger', 'http://localhost:3000/callback', 400],
    ];
    let authorizationURL: string | undefined;
    let tokenURL: string | undefined;
    beforeEach(async () => {
      const { printed } = await launch(clients);
      ({ authorizationURL, tokenURL } = printed);
    });

    for (const [client, redirectURI, status] of requests) {
      it(`${status === 302 ? 'lets' : 'does not let'} ${client} return to ${redirectURI}`, async () => {
        expect(await statusOf(authorizationURL, client, redirectURI)).to.equal(status);
      });
    }

    it('keeps the built-in client', async () => {
      const status = await statusOf(
        authorizationURL,
        'jaemulator000000000001',
        'http://localhost:3000/callback',
      );

      expect(status).to.equal(302);
    });

    // A right secret gets as far as the missing grant_type.
    for (const [secret, error] of [
      ['se:cret', 'invalid_request'],
      ['se', 'invalid_client'],
      ['cret', 'invalid_client'],
    ]) {
      it(`takes "${secret}" for ${error === 'invalid_client' ? 'a wrong secret' : 'the secret'}`, async () => {
        const body = new URLSearchParams({ client_id: 'library', client_secret: secret ?? '' });

        const response = await fetch(tokenURL ?? '', { method: 'POST', body });

        expect(await response.json()).to.have.property('error', error);
      });
    }
  });

  // Windows has no signals to send.
  (process.platform === 'win32' ? describe.skip : describe)('end', () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      it(`is clean on ${signal}`, async () => {
        const { child, ending } = await launch([]);

        child.kill(signal);

        const { code, signal: killedBy, stderr } = await ending;
        expect({ code, killedBy, stderr }).to.deep.equal({ code: 0, killedBy: null, stderr: '' });
      });

      it(`leaves the port to others on ${signal}`, async () => {
        const { child, ending, printed } = await launch([]);
        child.kill(signal);
        await ending;

        const server = createServer().listen(Number(new URL(printed.issuer ?? '').port), '127.0.0.1');

        await once(server, 'listening');
        server.close();
      });

      it(`is clean on ${signal} with a connection kept alive`, async () => {
        const { child, ending, printed } = await launch([]);
        await (await fetch(printed.authorizationURL ?? '')).text();

        child.kill(signal);

        expect(await ending).to.include({ code: 0, signal: null, stderr: '' });
      });
    }
  });
});
