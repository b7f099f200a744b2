/** A successful answer of the token endpoint, checked. @see RFC 6749, section 5.1 */
export interface TokenResponse {
  access_token: string;
  token_type: string;
  /** Seconds. Absent where the provider sent none, or nonsense. */
  expires_in?: number;
  refresh_token?: string;
  id_token?: string;
  /** jAccount never sends it: its absence says nothing about what was granted. */
  scope?: string;
}

/**
 * The claims of an ID Token that passed every check. A claim that no check looks at has the type `unknown`, because jAccount
 * sends `code: null` too: read `displayName`, `code` and `userType` of the profile instead.
 *
 * @see OpenID Connect Core 1.0, section 2
 */
export interface IdTokenClaims {
  iss: string;
  /** The account name, as the user registered it. */
  sub: string;
  aud: string | string[];
  /** Seconds since the epoch. */
  exp: number;
  /** Seconds since the epoch. */
  iat: number;
  /** Equal to the nonce of the login, if one was expected. */
  nonce?: unknown;
  /** The real name. */
  name?: unknown;
  /** Student or staff number of the default identity; empty for accounts without one. */
  code?: unknown;
  /** User type of the default identity, as jAccount spells it. */
  type?: unknown;
  [claim: string]: unknown;
}

/** A successful answer of the REST API, checked. */
export interface Envelope {
  entities: unknown[];
  /** Leads to the next page; absent on the last. */
  nextToken?: string;
}

/** A department, school or other unit. The id is a string of digits that may begin with zero. */
export interface Organization {
  id: string;
  name: string;
}

/** The one element of what `GET /v1/me/profile` returns. Only `account` is sure; the scopes decide the rest. */
export interface ProfileEntity {
  account: string;
  [member: string]: unknown;
}
