// A model of browsers, machines, a session store and a provider around the real strategy, in which every awaited step is a
// place where a scheduler may switch to another request.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type fc from 'fast-check';
import type { JaccountStrategy, TransactionStore } from 'passport-jaccount';
import { signIdToken } from './provider';

/** The package, or another build of it. */
export type Package = typeof import('passport-jaccount');

/** As much of a scheduler as the model needs. */
export type Steps = Pick<fc.Scheduler, 'schedule' | 'waitOne' | 'count'>;

/** Each step at once. */
export const inOrder: Steps = { schedule: (step) => step, waitOne: async () => {}, count: () => 0 };

export interface World {
  scheduler: Steps;
  provider: ModelProvider;
  sessions: Map<string, string>;
  claimed: Set<string>;
  /** What came of each callback, in the order of the answers. */
  ends: End[];
  /** Whether a request arrived with the id of a session that another request had renewed since it was sent. */
  sawDeadSession: boolean;
}

/** What came of one request to a callback. */
export interface End {
  login: BegunLogin;
  machine: number;
  exit: 'success' | 'fail' | 'error' | 'redirect';
  /** The account that was signed in. */
  account?: string;
  reason?: string;
  /** The user of the session when the request arrived. */
  signedIn: string | undefined;
  /** Whether another account has signed in with this browser since the login began. */
  otherSince: boolean;
  /** Whether the request had done all its reading and saving before the provider answered the code. */
  cameBeforeTokens: boolean;
}

/** A login on its way: what the provider knows of it. */
export interface BegunLogin {
  account: string;
  code: string;
  callback: string;
  /** The user of the session when the login began. */
  begunAs: string | undefined;
  /** How many accounts had signed in with the browser when it asked for the login. */
  before: number;
}

interface Code {
  nonce: string;
  account: string;
}

/** A token endpoint that answers each code once, when the scheduler lets it, and counts who sent what. */
export class ModelProvider {
  readonly client = { clientID: 'jamodel00000000000001', clientSecret: '5f'.repeat(24) };
  readonly agent = new http.Agent({ keepAlive: true });
  // Token requests and answers on their way, which no scheduler sees.
  private travelling = 0;
  // By machine and code: the answers on their way.
  private readonly answers = new Map<string, number>();
  readonly codes = new Map<string, Code>();
  /** By code: the machines that sent it. */
  readonly sent = new Map<string, number[]>();
  /** By code: the moment of its first answer, in steps of this world. */
  readonly answeredAt = new Map<string, number>();
  /** How many steps have been taken. */
  now = 0;
  scheduler: Steps = inOrder;
  private server: http.Server | undefined;
  private origin = '';

  async start(): Promise<void> {
    const { addRequest } = this.agent as unknown as { addRequest: (...parameters: unknown[]) => void };
    Object.assign(this.agent, {
      addRequest: (...parameters: unknown[]) => {
        this.travelling++;
        addRequest.apply(this.agent, parameters);
      },
    });
    this.server = http.createServer((request, response) => void this.token(request, response));
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    this.origin = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.agent.destroy();
    return new Promise((resolve) => void this.server?.close(() => resolve()));
  }

  endpoints(machine: number) {
    return {
      issuer: `${this.origin}/`,
      authorizationURL: `${this.origin}/authorize`,
      tokenURL: `${this.origin}/token/${machine}`,
    };
  }

  /** A request of this machine with this code goes on: if an answer was on its way to it, it has arrived. */
  arrived(machine: number, code: string): void {
    const left = this.answers.get(`${machine} ${code}`) ?? 0;
    if (left === 0) return;
    this.answers.set(`${machine} ${code}`, left - 1);
    this.travelling--;
  }

  /** Resolves when everything waits for the scheduler. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3 || this.travelling > 0; turn++) await nextTurn();
  }

  reset(scheduler: Steps): void {
    this.scheduler = scheduler;
    this.travelling = 0;
    for (const map of [this.codes, this.sent, this.answers, this.answeredAt]) map.clear();
  }

  private async token(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const code = new URLSearchParams(Buffer.concat(chunks).toString()).get('code') as string;
    const before = this.sent.get(code) ?? [];
    const machine = Number(request.url?.split('/').at(-1));
    this.sent.set(code, [...before, machine]);
    this.travelling--;
    await this.scheduler.schedule(Promise.resolve(), `token endpoint answers ${code}`);
    this.travelling++;
    if (!this.answeredAt.has(code)) this.answeredAt.set(code, ++this.now);
    const key = `${machine} ${code}`;
    this.answers.set(key, (this.answers.get(key) ?? 0) + 1);
    response.setHeader('Content-Type', 'application/json');
    if (before.length > 0) return void response.writeHead(400).end('{"error":"invalid_grant"}');
    const { nonce, account } = this.codes.get(code) as Code;
    const iat = Math.floor(Date.now() / 1000);
    const times = { iat, exp: iat + 1800 };
    const claims = { iss: `${this.origin}/`, aud: this.client.clientID, sub: account, nonce, ...times };
    const id_token = signIdToken(claims, this.client.clientSecret);
    response.end(JSON.stringify({ access_token: `token-${code}`, token_type: 'Bearer', id_token }));
  }
}

/** Cookies by name, each with the moment of its end in milliseconds. */
export class Browser {
  readonly cookies = new Map<string, { value: string; ends: number }>();
  /** The accounts that signed in with it, in order. */
  readonly signedIn: string[] = [];

  header(): string {
    return [...this.cookies]
      .filter(([, { ends }]) => ends > Date.now())
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
  }

  keep(setCookies: readonly string[]): void {
    for (const cookie of setCookies) {
      const [pair = '', ...attributes] = cookie.split('; ');
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      const maxAge = attributes.find((attribute) => attribute.startsWith('Max-Age='))?.slice(8);
      if (maxAge === '0') this.cookies.delete(name);
      else this.cookies.set(name, { value, ends: Date.now() + Number(maxAge ?? 1e9) * 1000 });
    }
  }
}

type Done = (error?: unknown) => void;

/** Sessions as express-session keeps them: loaded whole, saved whole, with a new id when Passport asks for one. */
class ModelSession {
  [key: string]: unknown;

  constructor(request: ModelRequest, id: string, stored: object = {}) {
    Object.assign(this, stored);
    const saved = { value: JSON.stringify(stored), writable: true };
    Object.defineProperties(this, { request: { value: request }, id: { value: id }, saved });
  }

  save(done: Done): void {
    const { request, id } = this as unknown as { request: ModelRequest; id: string };
    const text = JSON.stringify(this);
    Object.assign(this, { saved: text });
    request.step(`save session ${id}`).then(() => {
      request.world.sessions.set(id, text);
      done();
    }, done);
  }

  regenerate(done: Done): void {
    const { request, id } = this as unknown as { request: ModelRequest; id: string };
    request.step(`destroy session ${id}`).then(() => {
      request.world.sessions.delete(id);
      request.renewSession();
      done();
    }, done);
  }

  isModified(): boolean {
    return JSON.stringify(this) !== (this as unknown as { saved: string }).saved;
  }
}

let sessionCount = 0;

/** One request as the strategy sees it: as Express's, with the session of express-session and Passport's user. */
class ModelRequest {
  readonly method = 'GET';
  readonly headers: { cookie: string };
  readonly query: Record<string, string>;
  readonly setCookies: string[] = [];
  readonly sessionStore = {
    get: (id: string, done: (error: unknown, stored?: object) => void) => {
      this.step(`read session ${id}`).then(() => done(null, this.stored(id)), done);
    },
  };
  session!: ModelSession;
  user: { id: string } | undefined;
  isNewSession = false;
  /** The moment of the last step of this request. */
  lastStep = 0;

  constructor(
    readonly world: World,
    private readonly machine: number,
    readonly originalUrl: string,
    cookie: string,
  ) {
    this.headers = { cookie };
    this.query = Object.fromEntries(new URL(originalUrl, 'http://localhost').searchParams);
  }

  get sessionID(): string {
    return this.session.id as string;
  }

  readonly res = {
    appendHeader: (_name: string, value: string) => void this.setCookies.push(value),
    setHeader: () => undefined,
  };

  async step(label: string): Promise<void> {
    const { provider, scheduler } = this.world;
    provider.arrived(this.machine, this.query.code ?? '');
    await scheduler.schedule(Promise.resolve(), label);
    this.lastStep = ++provider.now;
  }

  async loadSession(): Promise<void> {
    const id = /(?:^|; )sid=([^;]+)/.exec(this.headers.cookie)?.[1];
    if (id !== undefined) await this.step(`load session ${id}`);
    const stored = id === undefined ? undefined : this.stored(id);
    if (stored) this.session = new ModelSession(this, id as string, stored);
    else this.renewSession();
    if (id !== undefined && !stored) this.world.sawDeadSession = true;
    const { user } = (this.session.passport ?? {}) as { user?: { id: string } };
    this.user = user;
  }

  renewSession(): void {
    this.session = new ModelSession(this, `s${++sessionCount}`);
    this.isNewSession = true;
  }

  /** As express-session does when the answer is sent. */
  async endSession(): Promise<void> {
    if (this.session.isModified()) await new Promise<void>((resolve) => this.session.save(() => resolve()));
    const isKept = this.world.sessions.has(this.sessionID);
    if (this.isNewSession && isKept) this.setCookies.push(`sid=${this.sessionID}`);
  }

  private stored(id: string): object | undefined {
    const text = this.world.sessions.get(id);
    return text === undefined ? undefined : JSON.parse(text);
  }
}

type Exit = { exit: End['exit']; url?: string; user?: { id: string }; reason?: string };

/** One machine: a strategy with a memory of its own. */
export class Machine {
  private readonly strategy: JaccountStrategy;

  constructor(
    { JaccountStrategy }: Package,
    private readonly world: World,
    private readonly number: number,
    transactions: TransactionStore,
  ) {
    const { provider } = world;
    this.strategy = new JaccountStrategy(
      {
        ...provider.client,
        ...provider.endpoints(number),
        callbackURL: 'http://localhost/callback',
        agent: provider.agent,
        transactions,
      },
      async ({ profile }) => ({ id: profile.id }),
    );
  }

  /** Begins a login at which the provider will sign `account` in. */
  async begin(browser: Browser, account: string): Promise<BegunLogin | undefined> {
    const { provider } = this.world;
    const before = browser.signedIn.length;
    const { exit, req } = await this.visit(browser, '/login');
    if (exit.exit !== 'redirect') return undefined;
    const { searchParams } = new URL(exit.url as string);
    const code = `c${provider.codes.size}`;
    provider.codes.set(code, { nonce: searchParams.get('nonce') as string, account });
    const callback = `/callback?code=${code}&state=${searchParams.get('state')}`;
    return { account, code, callback, begunAs: req.user?.id, before };
  }

  /** Comes back with a login, and remembers what came of it. */
  async finish(browser: Browser, login: BegunLogin): Promise<End> {
    const { exit, req } = await this.visit(browser, login.callback, () => browser.signedIn);
    const { user, reason } = exit;
    const answeredAt = this.world.provider.answeredAt.get(login.code) ?? 0;
    const end: End = {
      login,
      machine: this.number,
      exit: exit.exit,
      signedIn: req.arrivedAs,
      cameBeforeTokens: req.judgedAt < answeredAt,
      otherSince: browser.signedIn.slice(login.before).some((account) => account !== login.account),
      ...(user && { account: user.id }),
      ...(reason !== undefined && { reason }),
    };
    this.world.ends.push(end);
    return end;
  }

  /** As `req.logout()` does. */
  async signOut(browser: Browser): Promise<void> {
    await this.visit(browser, '/logout');
  }

  private async visit(browser: Browser, url: string, signedIn?: () => string[]) {
    const req = new ModelRequest(this.world, this.number, url, browser.header()) as ModelRequest & {
      arrivedAs: string | undefined;
      judgedAt: number;
    };
    await req.step(`${url} arrives`);
    await req.loadSession();
    req.arrivedAs = req.user?.id;
    const exit = url === '/logout' ? await logOut(req) : await this.authenticate(req);
    req.judgedAt = req.lastStep;
    if (exit.exit === 'success' && exit.user) {
      await logIn(req, exit.user);
      signedIn?.().push(exit.user.id);
    }
    await req.endSession();
    await req.step(`answer to ${url} arrives`);
    browser.keep(req.setCookies);
    return { exit, req };
  }

  private authenticate(req: ModelRequest): Promise<Exit> {
    return new Promise((resolve) => {
      // Passport makes such a child for each request.
      const child = Object.assign(Object.create(this.strategy), {
        success: (user: { id: string }) => resolve({ exit: 'success', user }),
        fail: ({ reason, error }: { reason?: string; error?: string }) =>
          resolve({ exit: 'fail', reason: reason ?? error ?? 'verify' }),
        redirect: (url: string) => resolve({ exit: 'redirect', url }),
        error: (error: { code?: string }) => resolve({ exit: 'error', reason: error.code ?? String(error) }),
        pass: () => resolve({ exit: 'error', reason: 'pass' }),
      });
      void child.authenticate(req, {});
    });
  }
}

/** Lets one step happen after another, each when all requests have come as far as they can, until the work is done. */
export async function runAll({ scheduler, provider }: World, work: Promise<unknown>): Promise<void> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  done.catch(() => undefined);
  while (!isDone) {
    await provider.settle();
    if (scheduler.count() > 0) await scheduler.waitOne();
  }
  await done;
}

// Passport 0.7, lib/sessionmanager.js.
async function logIn(req: ModelRequest, user: { id: string }): Promise<void> {
  await promised((done) => req.session.regenerate(done));
  req.session.passport = { user };
  await promised((done) => req.session.save(done));
}

async function logOut(req: ModelRequest): Promise<Exit> {
  if (!req.user) return { exit: 'success' };
  delete req.session.passport;
  await promised((done) => req.session.save(done));
  await promised((done) => req.session.regenerate(done));
  return { exit: 'success' };
}

function promised(run: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => run((error) => (error ? reject(error) : resolve())));
}
