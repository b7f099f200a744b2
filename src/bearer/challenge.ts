import type { BearerErrorCode } from '../errors';

export interface Challenge {
  realm: string;
  error?: BearerErrorCode | undefined;
  /** What is needed; with `insufficient_scope` only. */
  scope?: readonly string[];
}

// One text for every cause: what is wrong with a token is nobody's business but its owner's, who can look into it.
const descriptions: Record<BearerErrorCode, string> = {
  invalid_request: 'The credentials must be one bearer token, sent once and in one way',
  invalid_token: 'The token is expired, malformed, or not meant for this API',
  insufficient_scope: 'The token does not cover this request',
};

/**
 * The value of `WWW-Authenticate`. Nothing of the request gets into it.
 *
 * @see RFC 6750, section 3
 */
export function buildChallenge({ realm, error, scope }: Challenge): string {
  const parameters: Record<string, string> = {
    realm,
    ...(error && { error, error_description: descriptions[error] }),
    ...(scope && { scope: scope.join(' ') }),
  };
  return `Bearer ${Object.entries(parameters)
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')}`;
}

// What needs no escape within quotes: RFC 9110, section 5.6.4, less the two characters that would.
const quotable = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/;

export function isQuotable(value: string): boolean {
  return quotable.test(value);
}

// RFC 6749, section 3.3.
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

export function isScopeToken(value: unknown): value is string {
  return typeof value === 'string' && scopeToken.test(value);
}
