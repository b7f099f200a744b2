import { createHash, randomBytes } from 'node:crypto';
import type { Behaviour } from './behaviour';
import { ExpiringMap } from './expiring-map';

/** What a user, or the SSO session in the user's place, allowed a client; or what the client may do by itself. */
export interface Authorization {
  /** As it is spelled in this login. Absent for client credentials. */
  account?: string;
  clientID: string;
  redirectURI: string;
  scope: readonly string[];
  nonce?: string;
  codeChallenge?: { value: string; method: 'S256' | 'plain' };
}

/** An access token and its refresh token, which belong to each other one to one. */
export interface Tokens {
  accessToken: string;
  /** Absent for client credentials: RFC 6749, section 4.4.3. */
  refreshToken?: string;
  authorization: Authorization;
  code?: string;
}

// Seconds. The refresh token's is not documented.
const codeLifetime = 60;
export const accessTokenLifetime = 1800;
const refreshTokenLifetime = 30 * 24 * 60 * 60;

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
    return this.keep({
      accessToken: hex32(),
      ...(authorization.account !== undefined && { refreshToken: hex32() }),
      authorization,
      ...(code !== undefined && { code }),
    });
  }

  /** New tokens for old ones, in the way that `behaviour` names. */
  refresh(given: Tokens, behaviour: Behaviour['refresh']): Tokens {
    this.revoke(given);
    if (behaviour === 'rotated') return this.issueTokens(given.authorization, given.code);
    return this.keep(behaviour === 'renewed' ? given : { ...given, accessToken: hex32() });
  }

  private keep(tokens: Tokens): Tokens {
    const { accessToken, refreshToken, code } = tokens;
    this.accessTokens.set(accessToken, tokens, accessTokenLifetime);
    if (refreshToken !== undefined) this.refreshTokens.set(refreshToken, tokens, refreshTokenLifetime);
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

  private revoke({ accessToken, refreshToken }: Tokens): void {
    this.accessTokens.delete(accessToken);
    if (refreshToken !== undefined) this.refreshTokens.delete(refreshToken);
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
