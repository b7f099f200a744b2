import { BearerError, type BearerFault, IdTokenError, type IdTokenFault } from '../errors';
import { profileFromIdToken } from '../profile/from-id-token';
import type { JaccountProfile } from '../profile/profile';
import { createIdTokenVerifier } from '../protocol/id-token';
import { type JsonObject, type JwsFault, verifyJws } from '../protocol/jws';
import { assertClaims, type BearerClaims, clientOf, type ExpectedClaims, scopeOf } from './claims';
import type { KeySource } from './key-source';

/** What a token says, once it is believed. */
export interface VerifiedToken {
  claims: BearerClaims;
  /** The words of its scope; none for an ID Token. */
  scope: readonly string[];
  /** The user, where the token is an ID Token of jAccount's. */
  profile?: JaccountProfile;
  /** The client, where the token speaks for a client of its own and no user. */
  client?: string;
}

/** Somebody whose tokens are accepted, for certain audiences. */
export interface Issuer {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly algorithms: readonly string[];
  /** Judges a token whose header and claims, not yet believed, say that it comes from here. */
  verify(token: string, header: JsonObject): Promise<VerifiedToken>;
}

/** The kinds of tokens, by their `typ`: `at+jwt` as in RFC 9068, or `JWT` and none as before it. */
export type TokenType = 'at+jwt' | 'JWT';

export interface AccessTokens extends ExpectedClaims {
  algorithms: readonly string[];
  keysFor: KeySource;
  tokenType?: TokenType | undefined;
  scopeClaim?: string | undefined;
}

/** An issuer of access tokens in the form of JWTs. */
export function issuerOfAccessTokens(expected: AccessTokens): Issuer {
  const { issuer, audience, algorithms, keysFor, tokenType, scopeClaim } = expected;
  return {
    issuer,
    audience,
    algorithms,
    async verify(token, { alg, kid, typ }) {
      assertType(typ, tokenType);
      const hint = { alg: alg as string, ...(kid !== undefined && { kid: kid as string }) };
      const claims = assertClaims(await verifyWithOne(token, await keysFor(hint), algorithms), expected);
      const client = clientOf(claims);
      return { claims, scope: scopeOf(claims, scopeClaim), ...(client !== undefined && { client }) };
    },
  };
}

// RFC 7515, section 4.1.9: in any case, and with or without its prefix.
function assertType(typ: unknown = 'JWT', tokenType?: TokenType): void {
  const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : '';
  const accepted = tokenType === undefined ? ['jwt', 'at+jwt'] : [tokenType.toLowerCase()];
  if (!accepted.includes(type)) throw new BearerError('type');
}

const refuse = (fault: JwsFault) => new BearerError(fault);

async function verifyWithOne(
  token: string,
  keys: Awaited<ReturnType<KeySource>>,
  algorithms: readonly string[],
): Promise<JsonObject> {
  let failure: unknown = refuse('signature');
  for (const key of keys) {
    try {
      return (await verifyJws(token, { key, algorithms, refuse })).claims;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

export interface IdTokens {
  issuer: string;
  clientID: string;
  clientSecret: string;
  clockTolerance: number;
  deriveEmail: boolean;
}

/** jAccount as an issuer of ID Tokens. */
export function issuerOfIdTokens({ issuer, clientID, clientSecret, ...rest }: IdTokens): Issuer {
  const verifyIdToken = createIdTokenVerifier(clientSecret);
  const { clockTolerance, deriveEmail } = rest;
  return {
    issuer,
    audience: [clientID],
    algorithms: ['HS256'],
    async verify(token) {
      const claims = await verifyIdToken(token, { issuer, clientID, clockTolerance }).catch(refusalOf);
      return { claims, scope: [], profile: profileFromIdToken(claims, deriveEmail) };
    },
  };
}

function refusalOf(error: unknown): never {
  if (!(error instanceof IdTokenError)) throw error;
  throw new BearerError(idTokenFaults[error.fault] ?? 'claims', { cause: error });
}

const idTokenFaults: Partial<Record<IdTokenFault, BearerFault>> = {
  malformed: 'malformed',
  algorithm: 'algorithm',
  signature: 'signature',
  issuer: 'issuer',
  audience: 'audience',
  expired: 'expired',
};
