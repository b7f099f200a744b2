import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';

const run = promisify(execFile);
const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);

describe('startEmulator({ tls: true })', () => {
  let emulator: Emulator;
  let ca: string;
  before(async () => {
    emulator = await startEmulator({ tls: true });
    ca = readFileSync(emulator.caFile ?? '', 'utf8');
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  interface Answer {
    status: number | undefined;
    headers: NodeJS.Dict<string | string[]>;
    text: string;
  }

  function request(url: string, options: https.RequestOptions & { body?: string } = {}): Promise<Answer> {
    const { body = '', ...rest } = options;
    return new Promise((resolve, reject) => {
      const sent = https.request(url, { ca, agent: false, ...rest }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
      });
      sent.on('error', reject).end(body);
    });
  }

  function certificateOf({ url, caFile }: Emulator): Promise<X509Certificate> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const host = hostname.replace(/[[\]]/g, '');
      const socket = tls.connect({ host, port: Number(port), ca: readFileSync(caFile ?? '') }, () => {
        const certificate = socket.getPeerX509Certificate();
        socket.destroy();
        if (certificate) resolve(certificate);
      });
      socket.on('error', reject);
    });
  }

  it('has https in its address, issuer, every endpoint', () => {
    for (const url of [emulator.url, ...Object.values(emulator.endpoints)]) {
      expect(url).to.match(/^https:\/\/127\.0\.0\.1:\d+/);
    }
  });

  it('does not speak http', async () => {
    const { status } = await fetch(emulator.url.replace('https:', 'http:')).catch(() => ({ status: 0 }));

    expect(status).to.be.oneOf([0, 400]);
  });

  for (const host of ['127.0.0.1', 'localhost']) {
    it(`is trusted as ${host} by whoever trusts its authority`, async () => {
      const { port } = new URL(emulator.url);

      const { status, text } = await request(
        `https://${host}:${port}/oauth2/.well-known/openid-configuration`,
      );

      expect(status).to.equal(200);
      expect(JSON.parse(text)).to.have.property('issuer', `${emulator.url}/oauth2/`);
    });
  }

  (hasIPv6 ? it : it.skip)('is trusted as ::1', async () => {
    const own = await startEmulator({ tls: true, host: '::1' });

    const { status } = await request(own.url, { ca: readFileSync(own.caFile ?? '', 'utf8') });

    await own.stop();
    expect(own.url).to.match(/^https:\/\/\[::1\]:\d+$/);
    expect(status).to.equal(200);
  });

  (hasIPv6 ? it : it.skip)('names an IPv4 address that is written as IPv6', async () => {
    const own = await startEmulator({ tls: true, host: '::ffff:127.0.0.1' });
    const peer = tls.connect({
      port: Number(new URL(own.url).port),
      host: '127.0.0.1',
      rejectUnauthorized: false,
    });
    await once(peer, 'secureConnect');

    const { subjectaltname } = peer.getPeerCertificate();

    peer.destroy();
    await own.stop();
    expect(subjectaltname).to.contain('IP Address:0:0:0:0:0:FFFF:7F00:1');
  });

  it('is trusted by nobody else', async () => {
    const error = await request(emulator.url, { ca: [] }).catch(({ code }) => code);

    expect(error).to.match(/^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO)/);
  });

  it('is not trusted by the authority of another emulator', async () => {
    const other = await startEmulator({ tls: true });
    const foreign = readFileSync(other.caFile ?? '', 'utf8');
    await other.stop();

    const error = await request(emulator.url, { ca: foreign }).catch(({ code }) => code);

    expect(error).to.match(/^(UNABLE_TO_|CERT_SIGNATURE|SELF_SIGNED)/);
  });

  it('is not trusted under another name', async () => {
    const error = await request(emulator.url, {
      servername: 'jaccount.sjtu.edu.cn',
      checkServerIdentity,
    }).catch(({ code }) => code);

    expect(error).to.equal('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  function checkServerIdentity(_host: string, certificate: tls.PeerCertificate): Error | undefined {
    return tls.checkServerIdentity('jaccount.sjtu.edu.cn', certificate);
  }

  it('gives its cookie Secure', async () => {
    const form = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } };

    const { headers } = await request(`${emulator.url}/jaccount/ulogin`, {
      ...form,
      body: 'account=zhaoyichen',
    });

    expect(headers['set-cookie']?.[0]).to.match(/; Secure(;|$)/);
  });

  it('takes a form of its own page only', async () => {
    const form = (origin: string) => ({
      ...{ method: 'POST', body: 'account=zhaoyichen' },
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin },
    });
    const login = `${emulator.url}/jaccount/ulogin`;

    expect((await request(login, form(emulator.url))).status).to.equal(303);
    expect((await request(login, form('https://evil.example'))).status).to.equal(403);
  });

  it('shows its state under its own names', async () => {
    expect((await request(`${emulator.url}/emulator/state`)).status).to.equal(200);
    expect(JSON.parse((await request(`${emulator.url}/emulator/state`)).text).caFile).to.equal(
      emulator.caFile,
    );
  });

  describe('certificate', () => {
    let certificate: X509Certificate;
    before(async () => {
      certificate = await certificateOf(emulator);
    });

    it('is signed by the authority in the file', () => {
      const authority = new X509Certificate(ca);

      expect(certificate.checkIssued(authority)).to.equal(true);
      expect(certificate.verify(authority.publicKey)).to.equal(true);
      expect(certificate.issuer).to.equal(authority.subject);
    });

    it('is for this machine alone', () => {
      expect(certificate.checkHost('localhost')).to.equal('localhost');
      expect(certificate.checkIP('127.0.0.1')).to.equal('127.0.0.1');
      expect(certificate.checkIP('::1')).to.not.equal(undefined);
      expect(certificate.checkHost('jaccount.sjtu.edu.cn')).to.equal(undefined);
      expect(certificate.checkIP('127.0.0.2')).to.equal(undefined);
    });

    it('signs no others (RFC 5280, 4.2.1.9)', () => {
      expect(certificate.ca).to.equal(false);
      expect(new X509Certificate(ca).ca).to.equal(true);
    });

    it('is for servers (RFC 5280, 4.2.1.12)', () => {
      expect(certificate.keyUsage).to.deep.equal(['1.3.6.1.5.5.7.3.1']);
    });

    it('is good now, and for less than 398 days', () => {
      const [from, to] = [certificate.validFrom, certificate.validTo].map((text) => Date.parse(text)) as [
        number,
        number,
      ];

      expect(from).to.be.below(Date.now());
      expect(to).to.be.above(Date.now() + 24 * 3600 * 1000);
      expect(to - from).to.be.below(398 * 24 * 3600 * 1000);
    });

    it('has a positive serial number of its own, of 20 octets at most (RFC 5280, 4.1.2.2)', async () => {
      const other = await startEmulator({ tls: true });
      const second = await certificateOf(other);
      await other.stop();

      expect(certificate.serialNumber).to.match(/^[0-7][0-9A-F]{1,39}$/);
      expect(second.serialNumber).not.to.equal(certificate.serialNumber);
    });

    it('is for the host asked for, too', async () => {
      const own = await startEmulator({ tls: true, host: '127.0.0.9' });
      const certificate = await certificateOf(own);
      await own.stop();

      expect(certificate.checkIP('127.0.0.9')).to.equal('127.0.0.9');
    });

    it('passes the strict check of OpenSSL', async function () {
      const folder = await mkdtemp(path.join(tmpdir(), 'jaccount-test-'));
      const leaf = path.join(folder, 'leaf.pem');
      await writeFile(leaf, certificate.toString());
      try {
        if (!(await run('openssl', ['version']).catch(() => undefined))) return this.skip();

        const { stdout } = await run('openssl', [
          ...['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_ip', '127.0.0.1'],
          ...['-CAfile', emulator.caFile ?? '', leaf],
        ]);

        expect(stdout).to.match(/: OK\s*$/);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  });

  describe('caFile', () => {
    it('is one certificate, without a key', () => {
      expect(ca.match(/-----BEGIN [A-Z ]+-----/g)).to.deep.equal(['-----BEGIN CERTIFICATE-----']);
    });

    // Windows has no such permissions.
    (process.platform === 'win32' ? it.skip : it)('can be written by nobody else', () => {
      expect(statSync(emulator.caFile ?? '').mode & 0o022).to.equal(0);
      expect(statSync(path.dirname(emulator.caFile ?? '')).mode & 0o077).to.equal(0);
    });

    it('goes with its folder when the emulator stops', async () => {
      const own = await startEmulator({ tls: true });
      const file = own.caFile ?? '';
      expect(existsSync(file)).to.equal(true);

      await own.stop();

      expect(existsSync(path.dirname(file))).to.equal(false);
    });

    it('is not there without TLS', async () => {
      const own = await startEmulator();
      await own.stop();

      expect(own).not.to.have.property('caFile');
    });
  });
});
