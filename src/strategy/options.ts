import type { Agent } from 'node:http';
import type { JaccountEndpoints } from '../jaccount/endpoints';
import { GivenOptions, sharedOptionNames } from '../options';
import type { Timeout } from '../protocol/http';
import { type ClientAuthMethod, clientAuthMethods } from '../protocol/token-endpoint';
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

const door = 'JaccountStrategy';

const knownNames: readonly string[] = [
  ...sharedOptionNames,
  ...[
    'callbackURL',
    'name',
    'scope',
    'clientAuthMethod',
    'transactions',
    'clockTolerance',
    'timeout',
    'agent',
  ],
  ...['pkce', 'allowMissingNonce', 'deriveEmail', 'passReqToCallback', 'skipUserProfile'],
];

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
  ['trustProxy', 'an absolute callbackURL'],
  ['customHeaders', 'clientAuthMethod'],
  ['scopeSeparator', 'scope (an array, or with spaces)'],
]);

/**
 * Checks options at the door, once: nothing behind it looks at them again, and changing them later has no effect.
 *
 * @throws TypeError naming the option, never its value.
 */
export function parseOptions(options: unknown): StrategySettings {
  const given = new GivenOptions(door, options);
  given.assertKnown(knownNames, synonyms);
  const endpoints = given.endpoints();
  const { clientID, clientSecret } = given.credentials(endpoints);
  const settings = {
    ...endpoints,
    name: given.text('name', 'jaccount'),
    clientID,
    callbackURL: callbackIn(given),
    scope: given.scope('openid'),
    clientAuthMethod: given.oneOf('clientAuthMethod', clientAuthMethods),
    transactions: transactionsIn(given),
    clockTolerance: given.number('clockTolerance', { default: 60, least: 0, most: 300 }),
    timeout: given.timeout({ response: 5000, deadline: 10_000, verify: 60_000 }),
    pkce: given.boolean('pkce', true),
    allowMissingNonce: given.boolean('allowMissingNonce', false),
    deriveEmail: given.boolean('deriveEmail', true),
    passReqToCallback: given.boolean('passReqToCallback', false),
    skipUserProfile: given.boolean('skipUserProfile', false),
    ...given.agent(),
  };
  return Object.freeze(
    Object.defineProperty(settings, 'clientSecret', { value: clientSecret }),
  ) as StrategySettings;
}

/** The names in a scope, whichever way it is written. */
export function parseScope(scope: unknown): readonly string[] {
  return new GivenOptions(door, { scope }).scope();
}

function callbackIn(given: GivenOptions): string {
  const value = given.text('callbackURL');
  if (value.startsWith('/')) {
    return given.refuse(
      'callbackURL',
      `must be absolute, such as "https://app.example${value}": it is never built from Host`,
    );
  }
  if (value.includes('*')) return given.refuse('callbackURL', 'must be one URL, without wildcards');
  return given.url('callbackURL');
}

function transactionsIn(given: GivenOptions): TransactionStore {
  if (!given.has('transactions')) return new SessionTransactions();
  const transactions = given.value('transactions');
  const { put, take } = (transactions ?? {}) as Partial<TransactionStore>;
  if (typeof put === 'function' && typeof take === 'function') return transactions as TransactionStore;
  return given.refuse('transactions', 'must be a TransactionStore, with put() and take()');
}
