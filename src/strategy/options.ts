import type { Agent } from 'node:http';
import { warnOfShortSecret, weaknessOf } from '../client-secret';
import { isLoopback, type JaccountEndpoints, jaccountEndpoints } from '../endpoints';
import type { Timeout } from '../protocol/http';
import type { ClientAuthMethod } from '../protocol/token-endpoint';
import { SessionTransactions } from './session-transactions';
import type { TransactionStore } from './transaction';

/** What a {@link JaccountStrategy} takes. Only the first three have no default; an unknown name is refused. */
export interface JaccountStrategyOptions extends Partial<JaccountEndpoints> {
  /** The id that jAccount gave the application. */
  clientID: string;
  /** The secret that came with it. It signs ID Tokens too: whoever has it can sign in as anybody. */
  clientSecret: string;
  /** Absolute, https (http on loopback), and as registered: it is never built from the request's `Host`. */
  callbackURL: string;
  /** The name for `passport.authenticate()`; two clients in one application need two. @default 'jaccount' */
  name?: string;
  /**
   * What to ask for. `openid` alone costs one request and gives account, name, number and user type; `basic`,
   * `essential`, `profile` and `privacy` fetch the profile from the API. @default 'openid'
   */
  scope?: string | readonly string[];
  /** PKCE with S256. Turn it off if jAccount ever refuses its parameters. @default true */
  pkce?: boolean;
  /** How the client authenticates at the token endpoint. @default 'client_secret_basic' */
  clientAuthMethod?: ClientAuthMethod;
  /** Where pending logins wait. @default new SessionTransactions() */
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
  /** Adds the mailbox that belongs to the account to `profile.emails`. @default true */
  deriveEmail?: boolean;
  /** Hands the request to a positional verify callback, as its first parameter. @default false */
  passReqToCallback?: boolean;
  /** Saves the request for the profile, not the check of the ID Token. @default false */
  skipUserProfile?: boolean;
}

/** Milliseconds. */
export interface LoginTimeout extends Timeout {
  verify: number;
}

/** The options, checked and complete. Its `clientSecret` does not show when it is printed. */
export interface StrategySettings extends JaccountEndpoints {
  readonly name: string;
  readonly clientID: string;
  readonly clientSecret: string;
  readonly callbackURL: string;
  readonly scope: readonly string[];
  readonly pkce: boolean;
  readonly clientAuthMethod: ClientAuthMethod;
  readonly transactions: TransactionStore;
  readonly clockTolerance: number;
  readonly allowMissingNonce: boolean;
  readonly timeout: LoginTimeout;
  readonly agent?: Agent;
  readonly deriveEmail: boolean;
  readonly passReqToCallback: boolean;
  readonly skipUserProfile: boolean;
}

type Given = Record<string, unknown>;

const booleans = [
  'pkce',
  'allowMissingNonce',
  'deriveEmail',
  'passReqToCallback',
  'skipUserProfile',
] as const;
const endpointNames = ['issuer', 'authorizationURL', 'tokenURL', 'logoutURL', 'apiURL'] as const;
const knownNames: readonly string[] = [
  ...['clientID', 'clientSecret', 'callbackURL', 'name', 'scope', 'clientAuthMethod', 'transactions'],
  ...['clockTolerance', 'timeout', 'agent'],
  ...booleans,
  ...endpointNames,
];

/**
 * Checks options at the door, once: nothing behind it looks at them again, and changing them later has no effect.
 *
 * @throws TypeError naming the option, never its value.
 */
export function parseOptions(options: unknown): StrategySettings {
  if (typeof options !== 'object' || options === null)
    throw new TypeError('JaccountStrategy requires options');
  const given: Given = { ...options };
  assertKnown(given);
  const endpoints = endpointsIn(given);
  const { clientID, clientSecret } = credentialsIn(given, endpoints);
  const settings = {
    ...endpoints,
    name: given.name === undefined ? 'jaccount' : text(given, 'name'),
    clientID,
    callbackURL: callbackIn(given),
    scope: parseScope(given.scope ?? 'openid'),
    clientAuthMethod: authMethodIn(given),
    transactions: transactionsIn(given),
    clockTolerance: numberIn(given, 'clockTolerance', { default: 60, least: 0, most: 300 }),
    timeout: timeoutIn(given),
    pkce: booleanIn(given, 'pkce', true),
    allowMissingNonce: booleanIn(given, 'allowMissingNonce', false),
    deriveEmail: booleanIn(given, 'deriveEmail', true),
    passReqToCallback: booleanIn(given, 'passReqToCallback', false),
    skipUserProfile: booleanIn(given, 'skipUserProfile', false),
    ...agentIn(given),
  };
  return Object.freeze(
    Object.defineProperty(settings, 'clientSecret', { value: clientSecret }),
  ) as StrategySettings;
}

function refuse(name: string, requirement: string): never {
  throw new TypeError(`JaccountStrategy: the ${name} option ${requirement}`);
}

function assertKnown(given: Given): void {
  for (const name of Object.keys(given)) {
    if (knownNames.includes(name)) continue;
    const meant =
      knownNames.find((known) => known.toLowerCase() === name.toLowerCase()) ?? synonyms.get(name);
    refuse(JSON.stringify(name), `is unknown${meant ? `; do you mean ${meant}?` : ''}`);
  }
}

const synonyms = new Map([
  ['redirectURI', 'callbackURL'],
  ['redirectUri', 'callbackURL'],
  ['redirect_uri', 'callbackURL'],
  ['client_id', 'clientID'],
  ['client_secret', 'clientSecret'],
  ['authorizeURL', 'authorizationURL'],
  ['profileURL', 'apiURL'],
  ['store', 'transactions'],
  ['state', 'transactions (state is always on)'],
  ['sessionKey', 'transactions'],
  ['proxy', 'an absolute callbackURL'],
]);

function text(given: Given, name: string): string {
  const value = given[name];
  if (typeof value !== 'string' || value === '')
    return refuse(name, 'is required, and must be a non-empty string');
  if (value !== value.trim() || /\p{Cc}/u.test(value)) {
    return refuse(
      name,
      'must not begin or end with white space, nor hold control characters (a line end of a file?)',
    );
  }
  return value;
}

function credentialsIn(
  given: Given,
  endpoints: JaccountEndpoints,
): { clientID: string; clientSecret: string } {
  const clientID = text(given, 'clientID');
  const clientSecret = text(given, 'clientSecret');
  const weakness = weaknessOf(clientSecret, endpoints);
  if (weakness !== undefined) refuse('clientSecret', weakness);
  warnOfShortSecret(clientSecret);
  return { clientID, clientSecret };
}

function endpointsIn(given: Given): JaccountEndpoints {
  const url = (name: (typeof endpointNames)[number]) =>
    given[name] === undefined ? jaccountEndpoints[name] : trustedURL(given, name);
  const issuer = url('issuer');
  if (`${issuer}/` === jaccountEndpoints.issuer) {
    process.emitWarning(`jAccount's issuer is ${jaccountEndpoints.issuer}, with the slash at its end`);
  }
  return {
    issuer,
    authorizationURL: url('authorizationURL'),
    tokenURL: url('tokenURL'),
    logoutURL: url('logoutURL'),
    apiURL: url('apiURL').replace(/\/+$/, ''),
  };
}

// Returned as it was written: an issuer and a redirect URI are compared octet by octet.
function trustedURL(given: Given, name: string): string {
  const value = text(given, name);
  if (!URL.canParse(value)) return refuse(name, 'must be an absolute URL');
  const url = new URL(value);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))) {
    return refuse(name, 'must be an https URL (http on loopback only)');
  }
  if (url.username || url.password || value.includes('#'))
    return refuse(name, 'must hold no credentials and no fragment');
  return value;
}

function callbackIn(given: Given): string {
  const value = text(given, 'callbackURL');
  if (value.startsWith('/')) {
    return refuse(
      'callbackURL',
      `must be absolute, such as "https://app.example${value}": it is never built from Host`,
    );
  }
  if (value.includes('*')) return refuse('callbackURL', 'must be one URL, without wildcards');
  return trustedURL(given, 'callbackURL');
}

// RFC 6749, section 3.3, less the comma, which nobody means as part of a name.
const scopeToken = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/;

/** The names in a scope, whichever way it is written. */
export function parseScope(scope: unknown): readonly string[] {
  const parts: unknown[] = typeof scope === 'string' ? scope.split(' ') : Array.isArray(scope) ? scope : [];
  const names = [...new Set(parts)].filter((name) => name !== '');
  if (names.length > 0 && names.every((name) => typeof name === 'string' && scopeToken.test(name))) {
    return Object.freeze(names as string[]);
  }
  return refuse('scope', 'must be names of scopes, as an array or with spaces between them');
}

function authMethodIn({ clientAuthMethod = 'client_secret_basic' }: Given): ClientAuthMethod {
  if (clientAuthMethod === 'client_secret_basic' || clientAuthMethod === 'client_secret_post')
    return clientAuthMethod;
  return refuse('clientAuthMethod', 'must be "client_secret_basic" or "client_secret_post"');
}

function transactionsIn({ transactions }: Given): TransactionStore {
  if (transactions === undefined) return new SessionTransactions();
  const { put, take } = (transactions ?? {}) as Partial<TransactionStore>;
  if (typeof put === 'function' && typeof take === 'function') return transactions as TransactionStore;
  return refuse('transactions', 'must be a TransactionStore, with put() and take()');
}

function agentIn({ agent }: Given): { agent?: Agent } {
  if (agent === undefined) return {};
  if (typeof (agent as Partial<Agent> | null)?.destroy === 'function') return { agent: agent as Agent };
  return refuse('agent', 'must be an agent of node:https');
}

function booleanIn(given: Given, name: (typeof booleans)[number], fallback: boolean): boolean {
  const value = given[name] ?? fallback;
  return typeof value === 'boolean' ? value : refuse(name, 'must be true or false');
}

function numberIn(
  given: Given,
  name: string,
  range: { default: number; least: number; most: number },
): number {
  const value = given[name] === undefined ? range.default : given[name];
  if (typeof value === 'number' && value >= range.least && value <= range.most) return value;
  return refuse(name, `must be a number from ${range.least} to ${range.most}`);
}

// The longest that a timer waits.
const maxMilliseconds = 2 ** 31 - 1;

function timeoutIn({ timeout = {} }: Given): LoginTimeout {
  if (typeof timeout !== 'object' || timeout === null)
    return refuse('timeout', 'must be { response, deadline, verify }');
  const given: Given = { ...timeout };
  const defaults: LoginTimeout = { response: 5000, deadline: 10_000, verify: 60_000 };
  if (Object.keys(given).some((name) => !Object.hasOwn(defaults, name))) {
    return refuse('timeout', 'has the members "response", "deadline" and "verify" only');
  }
  const milliseconds = (name: keyof LoginTimeout) => {
    const range = { default: defaults[name], least: 1, most: maxMilliseconds };
    return numberIn({ [`timeout.${name}`]: given[name] }, `timeout.${name}`, range);
  };
  return {
    response: milliseconds('response'),
    deadline: milliseconds('deadline'),
    verify: milliseconds('verify'),
  };
}
