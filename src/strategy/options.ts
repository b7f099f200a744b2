import type { Agent } from 'node:http';
import type { Request } from '../frameworks';
import type { JaccountEndpoints } from '../jaccount/endpoints';
import type { ScopeName } from '../jaccount/scopes';
import { type Language, languages, preferredLanguage } from '../language';
import { CookieTransactions } from '../login/cookie-transactions';
import type { LoginSettings } from '../login/settings';
import type { TransactionStore } from '../login/transaction';
import { endpointParsers, GivenOptions, type Parsers } from '../options';
import type { Timeout } from '../protocol/http';
import { type ClientAuthMethod, clientAuthMethods } from '../protocol/token-endpoint';
import { type AlwaysDone, alwaysDone, assertAlwaysDone, instead, synonyms } from './foreign-options';
import { errorOf } from './verdict';

/** What a {@link JaccountStrategy} takes. Only the first three have no default; an unknown name is refused. */
export interface JaccountStrategyOptions extends Partial<JaccountEndpoints> {
  /** The id that jAccount gave the application. */
  clientID: string;
  /** The secret that came with it. It signs ID Tokens too: whoever has it can sign in as anybody. */
  clientSecret: string;
  /**
   * Absolute, https (http on loopback and on `insecureHosts`), and as registered: it is never built from the request's
   * `Host`. Of a list the one with the host of the request counts, and a request to another host fails with 400.
   */
  callbackURL: string | readonly string[];
  /** The name for `passport.authenticate()`; two clients in one application need two. @default 'jaccount' */
  name?: string;
  /**
   * What to ask for. `openid` alone costs one request and gives account, name, number and user type; `basic`,
   * `essential`, `profile` and `privacy` fetch the profile from the API. @default 'openid'
   */
  scope?: ScopeName | readonly ScopeName[];
  /** PKCE with S256; `'S256'` is the same as `true`. Turn it off if jAccount ever refuses its parameters. @default true */
  pkce?: boolean | 'S256';
  /** How the client authenticates at the token endpoint. @default 'client_secret_basic' */
  clientAuthMethod?: ClientAuthMethod;
  /** Where pending logins wait: in sealed cookies, one for each. @default new CookieTransactions() */
  transactions?: TransactionStore;
  /** Seconds that this machine's clock and jAccount's may differ, 0 to 300. @default 60 */
  clockTolerance?: number;
  /**
   * Weakens the login: an ID Token *without* nonce passes, so one that was stolen elsewhere could be played in. A
   * different nonce never passes. @default false
   */
  allowMissingNonce?: boolean;
  /**
   * Milliseconds: for the first octet of an answer of jAccount's, for a whole exchange with it, and for your verify
   * callback. @default 5000, 10000 and 60000
   */
  timeout?: Partial<LoginTimeout>;
  /** An agent of your own, for a proxy or a private certificate authority. @default one that keeps sockets alive */
  agent?: Agent;
  /** Derives the mailbox that belongs to the account, for `profile.emails`. @default true */
  deriveEmail?: boolean;
  /** Hands the request to a positional verify callback, as its first parameter. @default false */
  passReqToCallback?: boolean;
  /** Saves the request for the profile, not the check of the ID Token. @default false */
  skipUserProfile?: boolean;
  /**
   * Weakens the login: hosts that may be used by plain http, for `callbackURL`, `returnTo` of a sign-out and the endpoints
   * of an emulator. On such a host anyone on the network path can take over a login. @default none, only loopback
   */
  insecureHosts?: readonly string[];
  /**
   * The language of what a person reads when a login fails: one for all, or a function of the request.
   * @default by `Accept-Language`: Chinese, unless the browser likes English better or knows neither
   */
  language?: Language | ((req: Request) => Language | undefined);
  /** What other strategies ask for and this one always does: accepted, so that their configuration can be carried over. */
  state?: true;
  store?: true;
  proxy?: boolean;
  scopeSeparator?: ' ';
}

/** Milliseconds. */
export interface LoginTimeout extends Timeout {
  verify: number;
}

/** The options, checked and complete. Its `clientSecret` does not show when it is printed. */
export interface StrategySettings extends LoginSettings {
  readonly scope: readonly string[];
  readonly timeout: LoginTimeout;
  readonly passReqToCallback: boolean;
  /** The language for the person who sent a request. */
  readonly language: (req: Request) => Language;
}

const door = 'JaccountStrategy';

// A new option without a parser does not compile, nor does a setting that nothing parses.
const parsers: Parsers<StrategySettings> &
  Record<Exclude<keyof JaccountStrategyOptions, AlwaysDone>, unknown> = {
  ...endpointParsers,
  clientID: (given) => given.text('clientID'),
  clientSecret: (given) => given.clientSecret(),
  callbackURL: callbackIn,
  name: (given) => given.text('name', 'jaccount'),
  scope: (given) => given.scope('openid'),
  pkce: pkceIn,
  clientAuthMethod: (given) => given.oneOf('clientAuthMethod', clientAuthMethods),
  transactions: transactionsIn,
  clockTolerance: (given) => given.number('clockTolerance', { default: 60, least: 0, most: 300 }),
  allowMissingNonce: (given) => given.boolean('allowMissingNonce', false),
  timeout: (given) => given.timeout({ response: 5000, deadline: 10_000, verify: 60_000 }),
  agent: (given) => given.agent().agent,
  deriveEmail: (given) => given.boolean('deriveEmail', true),
  passReqToCallback: (given) => given.boolean('passReqToCallback', false),
  skipUserProfile: (given) => given.boolean('skipUserProfile', false),
  insecureHosts: (given) => given.insecureHosts(),
  language: languageIn,
};

/**
 * Checks options at the door, once: nothing behind it looks at them again, and changing them later has no effect.
 *
 * @throws TypeError naming the option, never its value.
 */
export function parseOptions(options: unknown): StrategySettings {
  const given = new GivenOptions(door, options);
  given.assertKnown([...Object.keys(parsers), ...alwaysDone], synonyms, instead);
  assertAlwaysDone(given);
  const settings = given.parsed(parsers);
  Object.defineProperty(settings, 'clientSecret', { enumerable: false });
  return Object.freeze(settings);
}

/** The names in a scope, whichever way it is written. */
export function parseScope(scope: unknown): readonly string[] {
  return new GivenOptions(door, { scope }).scope();
}

function pkceIn(given: GivenOptions): boolean {
  const pkce = given.has('pkce') ? given.value('pkce') : true;
  if (pkce === 'S256' || typeof pkce === 'boolean') return pkce !== false;
  return given.refuse('pkce', 'must be true or "S256", or false');
}

type LanguageOf = (req: Request) => unknown;

// Where the application's function fails, the person must still learn why the login failed.
function languageBy(languageOf: LanguageOf, req: Request): Language | undefined {
  try {
    const returned = languageOf(req);
    return languages.find((language) => language === returned);
  } catch (error) {
    process.emitWarning(errorOf(error));
    return undefined;
  }
}

function languageIn(given: GivenOptions): StrategySettings['language'] {
  const option = given.value('language');
  const byHeader = ({ headers }: Partial<Request>) => preferredLanguage(headers?.['accept-language']);
  if (option === undefined) return byHeader;
  if (typeof option === 'function') return (req) => languageBy(option as LanguageOf, req) ?? byHeader(req);
  const language = languages.find((one) => one === option);
  if (language === undefined)
    return given.refuse('language', 'must be "zh" or "en", or a function of the request that returns one');
  return () => language;
}

function callbackIn(given: GivenOptions): string | readonly string[] {
  const value = given.value('callbackURL');
  if (!Array.isArray(value)) return callbackURLIn(given);
  const insecureHosts = given.insecureHosts();
  const urls = value.map((callbackURL) =>
    callbackURLIn(new GivenOptions(door, { callbackURL }, '', insecureHosts)),
  );
  const hosts = new Set(urls.map((url) => new URL(url).host));
  if (urls.length > 0 && hosts.size === urls.length) return Object.freeze(urls);
  return given.refuse('callbackURL', 'must be one URL, or several in an array, each with another host');
}

function callbackURLIn(given: GivenOptions): string {
  const value = given.text('callbackURL');
  if (value.startsWith('/')) {
    return given.refuse(
      'callbackURL',
      `must be absolute, such as "https://app.example${value}": it is never built from Host`,
    );
  }
  if (value.includes('*'))
    return given.refuse('callbackURL', 'must be a URL without wildcards; several hosts are an array of URLs');
  return given.url('callbackURL');
}

function transactionsIn(given: GivenOptions): TransactionStore {
  const transactions = given.has('transactions') ? given.value('transactions') : new CookieTransactions();
  if (transactions instanceof CookieTransactions) return transactions.sealedFor(given.clientSecret());
  const { put, take } = (transactions ?? {}) as Partial<TransactionStore>;
  if (typeof put === 'function' && typeof take === 'function') return transactions as TransactionStore;
  return given.refuse('transactions', 'must be a TransactionStore, with put() and take()');
}
