import { createHash, randomBytes } from 'node:crypto';

/** What a user, or the SSO session in the user's place, allowed a client. */
export interface Authorization {
  account: string;
  clientID: string;
  redirectURI: string;
  scope: readonly string[];
  nonce?: string;
  codeChallenge?: { value: string; method: 'S256' | 'plain' };
}

/** An access token and its refresh token, which belong to each other one to one. */
export interface Tokens {
  accessToken: string;
  refreshToken: string;
  authorization: Authorization;
  code?: string;
}

interface Expiring<T> {
  value: T;
  /** Seconds since the epoch. */
  expires: number;
}

// Seconds. The refresh token's is not documented.
const codeLifetime = 60;
export const accessTokenLifetime = 1800;
const refreshTokenLifetime = 30 * 24 * 60 * 60;

const maxEntries = 10_000;

/** Values that are found until they expire. The oldest go first, so that memory has a bound. */
class ExpiringMap<T> {
  private readonly entries = new Map<string, Expiring<T>>();

  constructor(private readonly now: () => number) {}

  set(key: string, value: T, lifetime: number): void {
    for (const [old, { expires }] of this.entries) {
      if (this.entries.size < maxEntries && expires > this.now()) break;
      this.entries.delete(old);
    }
    this.entries.set(key, { value, expires: this.now() + lifetime });
  }

  get(key: string): T | undefined {
    const entry = this.entries.get(key);
    return entry && entry.expires > this.now() ? entry.value : undefined;
  }

  hasExpired(key: string): boolean {
    const entry = this.entries.get(key);
    return entry !== undefined && entry.expires <= this.now();
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }
}

/** Everything the emulator has given out: codes, tokens, and single sign-on sessions. */
export class Grants {
  private readonly codes: ExpiringMap<Authorization>;
  private readonly spentCodes: ExpiringMap<Tokens>;
  private readonly accessTokens: ExpiringMap<Tokens>;
  private readonly refreshTokens: ExpiringMap<Tokens>;
  private readonly sessions: ExpiringMap<string>;

  constructor(now: () => number) {
    this.codes = new ExpiringMap(now);
    this.spentCodes = new ExpiringMap(now);
    this.accessTokens = new ExpiringMap(now);
    this.refreshTokens = new ExpiringMap(now);
    this.sessions = new ExpiringMap(now);
  }

  issueCode(authorization: Authorization): string {
    const code = hex32();
    this.codes.set(code, authorization, codeLifetime);
    return code;
  }

  /** What a code stands for. A second use of it revokes what the first gave: RFC 6749, section 4.1.2. */
  takeCode(code: string): Authorization | undefined {
    const authorization = this.codes.get(code);
    this.codes.delete(code);
    const given = this.spentCodes.get(code);
    if (given) this.revoke(given);
    return authorization;
  }

  issueTokens(authorization: Authorization, code?: string): Tokens {
    const tokens = {
      accessToken: hex32(),
      refreshToken: hex32(),
      authorization,
      ...(code !== undefined && { code }),
    };
    this.accessTokens.set(tokens.accessToken, tokens, accessTokenLifetime);
    this.refreshTokens.set(tokens.refreshToken, tokens, refreshTokenLifetime);
    if (code !== undefined) this.spentCodes.set(code, tokens, refreshTokenLifetime);
    return tokens;
  }

  findAccessToken(accessToken: string): Tokens | undefined {
    return this.accessTokens.get(accessToken);
  }

  hasExpired(accessToken: string): boolean {
    return this.accessTokens.hasExpired(accessToken);
  }

  findRefreshToken(refreshToken: string): Tokens | undefined {
    return this.refreshTokens.get(refreshToken);
  }

  revoke({ accessToken, refreshToken }: Tokens): void {
    this.accessTokens.delete(accessToken);
    this.refreshTokens.delete(refreshToken);
  }

  openSession(account: string): string {
    const id = randomBytes(32).toString('base64url');
    this.sessions.set(id, account, refreshTokenLifetime);
    return id;
  }

  accountOfSession(id: string | undefined): string | undefined {
    return id === undefined ? undefined : this.sessions.get(id);
  }

  closeSession(id: string | undefined): void {
    if (id !== undefined) this.sessions.delete(id);
  }

  clear(): void {
    for (const map of [this.codes, this.spentCodes, this.accessTokens, this.refreshTokens, this.sessions])
      map.clear();
  }
}

/** @see RFC 7636, section 4.6 */
export function answersChallenge(
  verifier: string,
  { value, method }: NonNullable<Authorization['codeChallenge']>,
) {
  return (
    (method === 'plain' ? verifier : createHash('sha256').update(verifier).digest('base64url')) === value
  );
}

// The form of jAccount's codes and tokens: 32 lower-case hexadecimal digits.
function hex32(): string {
  return randomBytes(16).toString('hex');
}
