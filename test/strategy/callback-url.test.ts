import http from 'node:http';
import { expect } from 'chai';
import express from 'express';
import express4 from 'express4';
import { CookieTransactions, JaccountStrategy } from 'passport-jaccount';
import { startApplication } from '../support/application';
import { frameworks, replyOf } from '../support/frameworks';
import { type Provider, startProvider } from '../support/provider';
import { serve } from '../support/serve';
import { UserAgent } from '../support/user-agent';

/** An answer to a request that names any host it likes, as a browser cannot. */
function ask(
  url: string,
  headers: Record<string, string>,
): Promise<{ status: number; location: string; text: string }> {
  return new Promise((resolve, reject) => {
    const { port, pathname } = new URL(url);
    http
      .get({ host: '127.0.0.1', port, path: pathname, headers }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => {
          const { statusCode: status = 0, headers } = response;
          resolve({ status, location: headers.location ?? '', text });
        });
      })
      .on('error', reject);
  });
}

const redirectURIOf = (location: string) => new URL(location).searchParams.get('redirect_uri');

describe('a list of callback URLs', () => {
  let provider: Provider;
  let stop: () => Promise<void>;

  before(async () => {
    provider = await startProvider();
  });
  afterEach(() => stop());
  after(() => provider.stop());

  const strategyFor = (callbackURL: string | string[], transactions = new CookieTransactions()) =>
    new JaccountStrategy(
      { ...provider.client, ...provider.endpoints, callbackURL, transactions },
      async ({ profile }) => ({ account: profile.id }),
    );
  const twoHosts = (callbackURL: string) => [callbackURL, callbackURL.replace('localhost', '127.0.0.1')];

  for (const framework of frameworks) {
    describe(`on ${framework.name}`, () => {
      const start = async () => {
        const transactions = framework.name.includes('Fastify')
          ? new CookieTransactions({ responseOf: replyOf as never })
          : new CookieTransactions();
        const application = await framework.start({
          strategies: (callbackURL) => [strategyFor(twoHosts(callbackURL), transactions)],
        });
        stop = application.stop;
        return application;
      };

      for (const host of ['localhost', '127.0.0.1']) {
        it(`signs in at ${host} by the callback of that host`, async () => {
          const url = (await start()).url.replace('localhost', host);
          const agent = new UserAgent();

          const begun = await agent.get(`${url}/login`);
          const end = await agent.follow(begun);

          expect(redirectURIOf(begun.location as string)).to.equal(`${url}/callback`);
          expect(end.url).to.match(new RegExp(`^${url}/callback`));
          expect(end.json()).to.include({ exit: 'success' });
          expect(provider.tokenRequests.at(-1)?.form.get('redirect_uri')).to.equal(`${url}/callback`);
        });
      }

      for (const path of ['/login', '/callback?code=A&state=S']) {
        it(`answers 400 to ${path} at a host that is in no callback`, async () => {
          const { url } = await start();

          const { status, location, text } = await ask(`${url}${path}`, { host: 'evil.example' });

          expect({ status, location }).to.deep.equal({ status: 400, location: '' });
          expect(text).not.to.include('evil.example');
        });
      }

      it('does not believe a forwarded host that the application does not trust', async () => {
        const { url } = await start();
        const { host } = new URL(url);
        const spoofed = `127.0.0.1:${new URL(url).port}`;

        const { location } = await ask(`${url}/login`, { host, 'x-forwarded-host': spoofed });

        expect(redirectURIOf(location)).to.equal(`${url}/callback`);
      });
    });
  }

  const hosts: [what: string, host: string, index: number | undefined][] = [
    ['its host', 'app.example', 0],
    ['its host with the default port', 'app.example:443', 0],
    ['its host in capitals', 'APP.example', 0],
    ['another host of the list', 'www.app.example:8443', 1],
    ['another port', 'app.example:8443', undefined],
    ['a host below', 'a.app.example', undefined],
    ['a host that ends alike', 'evilapp.example', undefined],
    ['credentials', 'app.example@evil.example', undefined],
    ['a path', 'app.example/evil', undefined],
    ['nothing', '', undefined],
  ];
  for (const [what, host, index] of hosts) {
    it(`chooses by the exact host: ${what}`, async () => {
      const callbacks = ['https://app.example/callback', 'https://www.app.example:8443/callback'];
      const application = await startApplication({ strategy: () => strategyFor(callbacks) });
      stop = application.stop;

      const { status, location } = await ask(`${application.url}/login`, { host });

      if (index === undefined) expect(status).to.be.oneOf([400, 401]);
      else expect(redirectURIOf(location)).to.equal(callbacks[index]);
    });
  }

  for (const [name, create] of [
    ['Express 5', express],
    ['Express 4', express4 as unknown as typeof express],
  ] as const) {
    it(`believes the forwarded host behind a proxy that ${name} trusts`, async () => {
      const callbacks = ['https://app.example/callback', 'https://www.app.example/callback'];
      const application = await startApplication({
        express: create,
        trustProxy: true,
        strategy: () => strategyFor(callbacks),
      });
      stop = application.stop;
      const forwarded = { 'x-forwarded-host': 'www.app.example', 'x-forwarded-proto': 'https' };

      const { location } = await ask(`${application.url}/login`, { host: 'app.example', ...forwarded });

      expect(redirectURIOf(location)).to.equal(callbacks[1]);
    });
  }

  it('does not end at one host what began at another', async () => {
    const application = await startApplication({
      strategy: (callbackURL) => strategyFor(twoHosts(callbackURL)),
    });
    stop = application.stop;
    const agent = new UserAgent();
    const begun = await agent.get(`${application.url}/login`);
    const { location: callback = '' } = await agent.follow(begun, `${application.url}/callback`);
    const cookie = await agent.jar.getCookieString(application.url);

    const moved = callback.replace('localhost', '127.0.0.1');
    const end = await new UserAgent().get(moved, { headers: { cookie } });

    expect(end.status).to.equal(403);
    expect(end.json().challenge).to.include({ reason: 'foreign' });
  });

  it('lets a login name one of the list', async () => {
    const callbacks = ['https://app.example/callback', 'https://www.app.example/callback'];
    const application = await startApplication({
      strategy: () => strategyFor(callbacks),
      login: () => ({ callbackURL: callbacks[1] }),
    });
    stop = application.stop;

    const { location } = await ask(`${application.url}/login`, { host: 'app.example' });

    expect(redirectURIOf(location)).to.equal(callbacks[1]);
  });

  it('asks no host where there is one callback', async () => {
    const application = await startApplication({
      strategy: () => strategyFor('https://app.example/callback'),
    });
    stop = application.stop;

    const { location } = await ask(`${application.url}/login`, { host: 'inside.example' });

    expect(redirectURIOf(location)).to.equal('https://app.example/callback');
  });

  it('signs in at an insecure host, with cookies that http can carry', async () => {
    let application = (_request: http.IncomingMessage, response: http.ServerResponse) => void response.end();
    const server = await serve((request, response) => application(request, response));
    stop = server.stop;
    const callbackURL = `http://lab.example:${new URL(server.url).port}/callback`;
    const strategy = new JaccountStrategy(
      { ...provider.client, ...provider.endpoints, callbackURL, insecureHosts: ['lab.example'] },
      async ({ profile }) => ({ account: profile.id }),
    );
    application = (request, response) => {
      const redirect = (location: string) => response.writeHead(302, { location }).end();
      const fail = (challenge: object, status: number) =>
        response.writeHead(status).end(JSON.stringify(challenge));
      Object.assign(Object.create(strategy), {
        redirect,
        fail,
        error: (error: Error) => response.writeHead(500).end(error.message),
        success: (user: object) => response.end(JSON.stringify(user)),
      }).authenticate(Object.assign(request, { res: response }));
    };

    const begun = await fetch(`${server.url}/login`, { redirect: 'manual' });
    const cookie = begun.headers.getSetCookie()[0] as string;
    const back = await fetch(begun.headers.get('location') as string, { redirect: 'manual' });
    const { search } = new URL(back.headers.get('location') as string);
    const end = await fetch(`${server.url}/callback${search}`, {
      headers: { cookie: cookie.split(';')[0] as string },
    });

    expect(cookie).to.match(/^jaccount-[^;]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
    expect(await end.json()).to.deep.equal({ account: 'zhangsan' });
  });
});
