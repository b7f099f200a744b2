import type { Agent } from 'node:http';
import { type JaccountEndpoints, jaccountEndpoints } from '../jaccount/endpoints';
import { GivenOptions } from '../options';
import { createTransport } from '../protocol/http';
import { isQuotable } from './challenge';
import type { Issuer } from './issuer';
import { type BearerIssuer, issuerIn, jaccountIn, jaccountNames, synonyms } from './issuer-options';

/** What a {@link JaccountBearerStrategy} takes; an unknown name is refused. */
export interface JaccountBearerStrategyOptions extends Partial<JaccountEndpoints> {
  /** Whose tokens are accepted, each with keys and rules of its own. */
  issuers?: readonly BearerIssuer[];
  /** The client that jAccount's ID Tokens are for. */
  clientID?: string;
  /** The secret that they are signed with. */
  clientSecret?: string;
  /**
   * Accepts jAccount's ID Tokens for `clientID`. It is second best: such a token says who signed in, carries no scope,
   * lasts half an hour whatever happens, and whoever can verify it can forge it. @default false
   */
  acceptIdTokens?: boolean;
  /** The name for `passport.authenticate()`. @default 'jaccount-bearer' */
  name?: string;
  /** What the challenge calls the API. @default 'api' */
  realm?: string;
  /** Takes a token from `access_token` of a form too, where your application has parsed it. @default false */
  acceptFormBody?: boolean;
  /** Hands the request to a positional verify callback, as its first parameter. @default false */
  passReqToCallback?: boolean;
  /** Seconds that this machine's clock and an issuer's may differ, 0 to 300. @default 60 */
  clockTolerance?: number;
  /** Milliseconds for your verify callback. @default 60000 */
  timeout?: { verify?: number };
  /** An agent of your own, for a proxy or a private certificate authority. @default one that keeps sockets alive */
  agent?: Agent;
  /** Derives the mailbox that belongs to the account, for `profile.emails`. @default true */
  deriveEmail?: boolean;
  /**
   * Weakens the protection: hosts whose issuers and key sets may be reached by plain http, such as an emulator in another
   * container. Anyone who can read or change that traffic can forge users. @default none, only loopback
   */
  insecureHosts?: readonly string[];
}

/** The options, checked and complete. */
export interface BearerSettings {
  readonly name: string;
  readonly realm: string;
  readonly issuers: readonly Issuer[];
  readonly acceptFormBody: boolean;
  readonly passReqToCallback: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

const knownNames = [
  ...jaccountNames,
  ...['issuers', 'name', 'realm', 'acceptFormBody', 'passReqToCallback', 'clockTolerance', 'timeout'],
  ...['agent', 'deriveEmail', 'insecureHosts'],
];
/**
 * Checks options at the door, once: nothing behind it looks at them again, and changing them later has no effect.
 *
 * @throws TypeError naming the option, never its value.
 */
export function parseBearerOptions(options: unknown): BearerSettings {
  const given = new GivenOptions('JaccountBearerStrategy', options);
  given.assertKnown(knownNames, synonyms);
  const realm = given.text('realm', 'api');
  if (!isQuotable(realm)) given.refuse('realm', 'must be printable ASCII without quotes and backslashes');
  return Object.freeze({
    name: given.text('name', 'jaccount-bearer'),
    realm,
    issuers: issuersIn(given),
    acceptFormBody: given.boolean('acceptFormBody', false),
    passReqToCallback: given.boolean('passReqToCallback', false),
    timeout: given.timeout({ verify: 60_000 }).verify,
  });
}

const maxFetchTime = 5000;

function issuersIn(given: GivenOptions): readonly Issuer[] {
  const surroundings = {
    clockTolerance: given.number('clockTolerance', { default: 60, least: 0, most: 300 }),
    deriveEmail: given.boolean('deriveEmail', true),
    jaccountIssuer: given.url('issuer', jaccountEndpoints.issuer),
    transport: createTransport({ response: maxFetchTime, deadline: maxFetchTime }, given.agent().agent),
  };
  const entries = given.value('issuers') ?? [];
  if (!Array.isArray(entries)) return given.refuse('issuers', 'must be an array');
  const issuers = entries.map((entry, index) =>
    issuerIn(given.group(`issuers[${index}]`, entry), surroundings),
  );
  if (given.boolean('acceptIdTokens', false)) issuers.push(jaccountIn(given, surroundings));
  if (issuers.length === 0)
    given.refuse('issuers', 'is required, or clientID and clientSecret with acceptIdTokens: true');
  assertDistinct(issuers, given);
  return Object.freeze(issuers);
}

// Two rules for one token: which of them holds would be up to whoever made the token.
function assertDistinct(issuers: readonly Issuer[], given: GivenOptions): void {
  const pairs = issuers.flatMap(({ issuer, audience }) =>
    audience.map((one) => JSON.stringify([issuer, one])),
  );
  if (new Set(pairs).size < pairs.length) given.refuse('issuers', 'names one issuer twice for one audience');
}
