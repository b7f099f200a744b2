import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { JaccountClient, JaccountStrategy, NetworkError } from 'passport-jaccount';
import { startEmulator } from 'passport-jaccount/emulator';
import { startApplication } from '../support/application';

/** An agent that does as some for proxies: what the proxy itself answers counts as an answer of the server behind it. */
class CarelessAgent extends https.Agent {
  constructor(private readonly proxyPort: number) {
    super();
  }

  override createConnection(): net.Socket {
    return net.connect(this.proxyPort, '127.0.0.1');
  }
}

// RFC 9110, section 4.3.3: an https response is authoritative because of its certificate.
describe('an answer to an https request that did not come over TLS', () => {
  const forged = {
    errno: 0,
    error: 'success',
    total: 1,
    entities: [{ id: 'P', account: 'president', name: '校长', userType: 'faculty' }],
  };
  const client = { clientID: 'ja0123456789', clientSecret: 'a secret of the tests, 32 octets and more' };
  let proxy: http.Server;
  let agent: https.Agent;
  let paths: (string | undefined)[];

  before(async () => {
    proxy = http.createServer((request, response) => {
      paths.push(request.url);
      response.writeHead(200, { 'content-type': 'application/json' });
      const token = { access_token: 'A', token_type: 'Bearer', expires_in: 60 };
      response.end(JSON.stringify(request.url?.includes('token') ? token : forged));
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    agent = new CarelessAgent((proxy.address() as AddressInfo).port);
  });
  beforeEach(() => {
    paths = [];
  });
  after(() => void proxy.close());

  async function expectRefusal(call: Promise<unknown>): Promise<void> {
    const error = await call.then(
      () => undefined,
      (reason) => reason,
    );

    expect(paths).to.have.length(1);
    expect(error).to.be.instanceOf(NetworkError);
    expect(error.cause.message).to.include('did not come over TLS');
  }

  it('signs no user in by a forged token response', async () => {
    const calls = new JaccountClient({ ...client, agent });

    await expectRefusal(calls.exchangeCode({ code: 'A', redirectURI: 'https://app.example/callback' }));
  });

  it('gives no profile by a forged answer of the API', async () => {
    await expectRefusal(new JaccountClient({ ...client, agent }).profile({ accessToken: 'A' }));
  });

  it('ends a login in an error', async () => {
    const application = await startApplication({
      strategy: (callbackURL) =>
        new JaccountStrategy(
          { ...client, callbackURL, scope: 'basic', agent },
          async ({ profile }) => profile,
        ),
    });
    const begun = await fetch(`${application.url}/login`, { redirect: 'manual' });
    const { searchParams } = new URL(begun.headers.get('location') as string);
    const query = new URLSearchParams({ code: 'A', state: searchParams.get('state') as string });
    const cookie = begun.headers.getSetCookie()[0]?.split(';')[0] as string;

    const end = await fetch(`${application.callbackURL}?${query}`, { headers: { cookie } });

    await application.stop();
    expect(await end.json()).to.include({ exit: 'error', code: 'ERR_JACCOUNT_NETWORK' });
  });

  it('is told from one that came over TLS', async () => {
    const emulator = await startEmulator({ tls: true });
    const trusting = new https.Agent({ ca: readFileSync(emulator.caFile as string) });
    const calls = new JaccountClient({ ...emulator.client, ...emulator.endpoints, agent: trusting });

    const errors = await Promise.all(
      [calls.profile({ accessToken: 'A' }), calls.refresh('R')].map((call) => call.catch(({ code }) => code)),
    );

    await emulator.stop();
    expect(errors).to.deep.equal(['ERR_JACCOUNT_API', 'ERR_JACCOUNT_TOKEN']);
  });
});
