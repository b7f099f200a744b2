import { warnOfShortSecret, weaknessOf } from '../client-secret';
import { type JaccountEndpoints, jaccountEndpoints } from '../jaccount/endpoints';
import type { GivenOptions } from '../options';
import type { Transport } from '../protocol/http';
import { importKey } from '../protocol/id-token';
import { type Issuer, issuerOfAccessTokens, issuerOfIdTokens, type TokenType } from './issuer';
import { isSecretKey, usableKeys } from './jwk';
import { createLocalKeys, type KeySource, keySourceOf } from './key-source';
import { type KeyTimes, RemoteKeys } from './remote-keys';

/** The algorithms of signatures that a published key verifies. */
export type SignatureAlgorithm = 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256';

interface IssuerRules {
  /** The `iss` of its tokens, to the last character: many end with a slash. */
  issuer: string;
  /** The `aud` that means this API; one of several is enough. It has no default: a token for another is none for you. */
  audience: string | readonly string[];
  /** Takes access tokens of RFC 9068 only (`at+jwt`), or none of them (`JWT`). @default either */
  tokenType?: TokenType;
  /** The claim that holds the scope, if not `scope`. In one that you name, such as `scp`, an array counts too. */
  scopeClaim?: string;
  /** Seconds that this machine's clock and the issuer's may differ, 0 to 300. @default the strategy's */
  clockTolerance?: number;
}

/** An issuer that publishes its keys. */
export interface JwksUrlIssuer extends IssuerRules {
  /** Where the keys are: https, or http on loopback. */
  jwksURL: string;
  /** @default ['RS256'] */
  algorithms?: readonly SignatureAlgorithm[];
  /**
   * Seconds. Keys are fetched anew when they are `refresh` old, and for a key that nobody knows, but not twice within
   * `cooldown`. While that fails, the old ones serve until they are `maxAge` old, which the other two cannot exceed.
   * @default 600, 30 and 3600
   */
  jwksTimes?: Partial<KeyTimes>;
}

/** An issuer whose public keys you hold. */
export interface JwksIssuer extends IssuerRules {
  jwks: { keys: readonly object[] };
  /** @default ['RS256'] */
  algorithms?: readonly SignatureAlgorithm[];
}

/** An issuer that shares a secret with you: whoever verifies its tokens can make them, too. */
export interface SecretIssuer extends IssuerRules {
  secret: string;
  /** @default ['HS256'] */
  algorithms?: readonly 'HS256'[];
}

/** jAccount, whose ID Tokens are signed with the secret of the client that they are for. */
export interface JaccountIssuer extends Partial<JaccountEndpoints> {
  clientID: string;
  clientSecret: string;
  acceptIdTokens: true;
}

export type BearerIssuer = JwksUrlIssuer | JwksIssuer | SecretIssuer | JaccountIssuer;

/** What the entries take from the options around them. */
export interface Surroundings {
  clockTolerance: number;
  deriveEmail: boolean;
  /** Besides the real one: the emulator's, for example. */
  jaccountIssuer: string;
  transport: Transport;
}

export const jaccountNames = [
  ...['issuer', 'authorizationURL', 'tokenURL', 'logoutURL', 'apiURL'],
  ...['clientID', 'clientSecret', 'acceptIdTokens'],
];
const ruleNames = ['issuer', 'audience', 'algorithms', 'tokenType', 'scopeClaim', 'clockTolerance'];
const keyNames = ['jwksURL', 'jwks', 'secret'];

export const synonyms = new Map([
  ['client_id', 'clientID'],
  ['client_secret', 'clientSecret'],
  ['audience', 'issuers[].audience'],
  ['algorithms', 'issuers[].algorithms'],
  ['jwksURL', 'issuers[].jwksURL'],
  ['jwksUri', 'jwksURL'],
  ['jwks_uri', 'jwksURL'],
  ['aud', 'audience'],
  ['iss', 'issuer'],
  ['secretOrKey', 'issuers[].secret'],
  ['ignoreExpiration', 'clockTolerance (expiry is always checked)'],
]);

/** One entry of the issuers. */
export function issuerIn(given: GivenOptions, surroundings: Surroundings): Issuer {
  if (given.has('acceptIdTokens')) return jaccountEntryIn(given, surroundings);
  const sources = keyNames.filter((name) => given.has(name));
  if (sources.length !== 1) given.refuse('jwksURL', 'is required, or jwks, or secret: one of them');
  const timed = given.has('jwksURL') ? ['jwksTimes'] : [];
  given.assertKnown([...ruleNames, ...keyNames, ...timed], synonyms);
  const issuer = given.url('issuer');
  if ([jaccountEndpoints.issuer, surroundings.jaccountIssuer].includes(issuer))
    given.refuse(
      'issuer',
      'is jAccount, which signs ID Tokens only: give clientID, clientSecret and acceptIdTokens',
    );
  const algorithms = algorithmsIn(given);
  return issuerOfAccessTokens({
    issuer,
    audience: given.texts('audience'),
    algorithms,
    keysFor: keysIn(given, algorithms, surroundings.transport),
    tokenType: tokenTypeIn(given),
    scopeClaim: given.has('scopeClaim') ? given.text('scopeClaim') : undefined,
    clockTolerance: given.number('clockTolerance', {
      default: surroundings.clockTolerance,
      least: 0,
      most: 300,
    }),
  });
}

function jaccountEntryIn(given: GivenOptions, surroundings: Surroundings): Issuer {
  given.assertKnown(jaccountNames, synonyms);
  if (!given.boolean('acceptIdTokens', false)) given.refuse('acceptIdTokens', 'must be true');
  return jaccountIn(given, surroundings);
}

/** jAccount, by the client's id and secret. */
export function jaccountIn(given: GivenOptions, { clockTolerance, deriveEmail }: Surroundings): Issuer {
  const issuer = given.url('issuer', jaccountEndpoints.issuer);
  const clientID = given.text('clientID');
  const clientSecret = secretIn(given, 'clientSecret', issuer);
  return issuerOfIdTokens({ issuer, clientID, clientSecret, clockTolerance, deriveEmail });
}

const asymmetric: readonly string[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256'];
const symmetric: readonly string[] = ['HS256'];

function algorithmsIn(given: GivenOptions): readonly string[] {
  const [known, fallback] = given.has('secret') ? [symmetric, symmetric] : [asymmetric, ['RS256']];
  const algorithms = given.value('algorithms') ?? fallback;
  if (Array.isArray(algorithms) && algorithms.length > 0 && algorithms.every((name) => known.includes(name)))
    return Object.freeze([...algorithms]);
  return given.refuse('algorithms', `must be an array of ${known.join(', ')}`);
}

function tokenTypeIn(given: GivenOptions): TokenType | undefined {
  const tokenType = given.value('tokenType');
  if (tokenType === undefined || tokenType === 'at+jwt' || tokenType === 'JWT') return tokenType;
  return given.refuse('tokenType', 'must be "at+jwt" or "JWT"');
}

function keysIn(given: GivenOptions, algorithms: readonly string[], transport: Transport): KeySource {
  if (given.has('secret')) {
    const secret = secretIn(given, 'secret', given.url('issuer'));
    return keySourceOf(() => importKey(secret));
  }
  if (given.has('jwks')) return localKeysIn(given, algorithms);
  return new RemoteKeys({ url: given.url('jwksURL'), algorithms, times: timesIn(given), transport }).keysFor;
}

function localKeysIn(given: GivenOptions, algorithms: readonly string[]): KeySource {
  const jwks = given.value('jwks') as { keys?: unknown } | null;
  const members = Array.isArray(jwks?.keys) ? jwks.keys : [];
  if (members.some((key) => typeof key === 'object' && key !== null && isSecretKey(key)))
    return given.refuse('jwks', 'must hold public keys only');
  const keys = usableKeys(jwks, algorithms) ?? [];
  if (keys.length === 0) return given.refuse('jwks', 'must hold a public key for one of the algorithms');
  return createLocalKeys(keys);
}

function timesIn(given: GivenOptions): KeyTimes {
  const times = given.group('jwksTimes');
  times.assertKnown(['cooldown', 'refresh', 'maxAge']);
  const week = 7 * 24 * 60 * 60;
  const maxAge = times.number('maxAge', { default: 3600, least: 1, most: week });
  const refresh = times.number('refresh', { default: Math.min(600, maxAge), least: 1, most: maxAge });
  // Longer than the keys serve, and none could be had in the meantime.
  const most = Math.min(3600, maxAge);
  const cooldown = times.number('cooldown', { default: Math.min(30, most), least: 1, most });
  return { cooldown, refresh, maxAge };
}

// The text of a key that everybody may know is no secret, whatever its form.
function secretIn(given: GivenOptions, name: string, issuer: string): string {
  const secret = given.text(name);
  if (secret.startsWith('-----BEGIN') || secret.startsWith('{'))
    given.refuse(name, 'must be a secret, not a key');
  const weakness = weaknessOf(secret, { issuer }, given.insecureHosts());
  if (weakness !== undefined) given.refuse(name, weakness);
  warnOfShortSecret(secret);
  return secret;
}
