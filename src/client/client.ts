import { IdTokenError } from '../errors';
import type { ScopeName } from '../jaccount/scopes';
import type { IdTokenClaims, TokenResponse } from '../jaccount/wire';
import { GivenOptions } from '../options';
import { buildAuthorizationURL } from '../protocol/authorization-request';
import { createTransport, type HttpRequest } from '../protocol/http';
import { createIdTokenVerifier, type ExpectedIdToken, type IdTokenVerifier } from '../protocol/id-token';
import { buildLogoutURL } from '../protocol/logout';
import { oncePerKey } from '../protocol/once';
import { randomValue } from '../protocol/random';
import { buildTokenRequest, exchangeGrant, type GrantParameters } from '../protocol/token-endpoint';
import { JaccountApi } from './api';
import {
  type ClientCredentialsGrant,
  type CodeGrant,
  clientCredentialsParameters,
  codeParameters,
  parametersOf,
  type RefreshGrant,
  refreshParameters,
  type TokenGrant,
} from './grants';
import { type JaccountClientOptions, parseClientOptions } from './options';
import { assertSameLogin, renewedTokenSet, type TokenSet, tokenSetFrom } from './token-set';
import { unrepeatable } from './unrepeatable';

/** What to ask of jAccount and of the user. */
export interface AuthorizationOptions {
  /** Where jAccount sends the browser: absolute, https (http on loopback), as registered. */
  redirectURI: string;
  scope: ScopeName | readonly ScopeName[];
  /** @default 256 random bits */
  state?: string;
  /** @default 256 random bits with the scope `openid`, none without */
  nonce?: string;
  /** PKCE: the base64url form of the SHA-256 digest of a code verifier. @default no PKCE */
  codeChallenge?: string;
}

/** What to keep in the user's session until the callback. */
export interface PendingAuthorization {
  /** The callback must bring the same: compare it before anything else. */
  state: string;
  /** For {@link JaccountClient.exchangeCode}. */
  nonce?: string;
}

export interface LogoutOptions {
  /** Where jAccount sends the browser afterwards: absolute, https (http on loopback). */
  postLogoutRedirectURI: string;
  /** jAccount joins it wrongly to the return address: better a query in `postLogoutRedirectURI`. @default none */
  state?: string;
}

/**
 * Speaks with jAccount without Passport: authorization requests, tokens, the REST API, logout.
 *
 * It keeps nothing about users: tokens come and go as values, and a {@link TokenSource} keeps those of one user.
 * Whatever jAccount or the network gets wrong rejects with a {@link JaccountError}; what cannot be sent is a `TypeError`
 * before anything is.
 *
 * @throws TypeError for an option that is missing, malformed or unknown.
 *
 * @example
 * ```ts
 * import { JaccountClient } from 'passport-jaccount';
 *
 * const client = new JaccountClient({
 *   clientID: process.env.JACCOUNT_CLIENT_ID as string,
 *   clientSecret: process.env.JACCOUNT_CLIENT_SECRET as string,
 * });
 *
 * const redirectURI = 'https://app.example/callback';
 * const { url, ...pending } = client.authorizationURL({ redirectURI, scope: 'openid essential' });
 *
 * async function callback(code: string, state: string) {
 *   if (state !== pending.state) throw new Error('not the login that this browser began');
 *   const tokens = await client.exchangeCode({ code, redirectURI, nonce: pending.nonce as string });
 *   return client.profile(tokens);
 * }
 * ```
 *
 * @see [RFC 6749](https://www.rfc-editor.org/rfc/rfc6749)
 */
export class JaccountClient extends JaccountApi {
  private readonly verifyToken: IdTokenVerifier;
  private readonly renewOnce: (key: string, make: () => Promise<TokenResponse>) => Promise<TokenResponse>;

  constructor(options: JaccountClientOptions) {
    const { settings, agent } = parseClientOptions(options);
    super(settings, createTransport(settings.timeout, agent));
    this.verifyToken = createIdTokenVerifier(settings.clientSecret);
    this.renewOnce = oncePerKey();
  }

  /** The address that begins a login, and what to keep until the browser comes back. */
  authorizationURL(options: AuthorizationOptions): PendingAuthorization & { url: string } {
    const given = new GivenOptions('JaccountClient', options, '', this.settings.insecureHosts);
    given.assertKnown(['redirectURI', 'scope', 'state', 'nonce', 'codeChallenge']);
    const scope = given.scope();
    const state = given.has('state') ? given.text('state') : randomValue();
    const nonce = nonceIn(given, scope);
    const parameters = {
      redirectURI: given.url('redirectURI'),
      scope,
      state,
      ...nonce,
      ...codeChallengeIn(given),
    };
    return { url: buildAuthorizationURL(this.settings, parameters), state, ...nonce };
  }

  /** {@link JaccountClient.authorizationURL} as a request that is not sent: the browser makes it. */
  authorizationRequest(options: AuthorizationOptions): PendingAuthorization & HttpRequest {
    return { ...this.authorizationURL(options), method: 'GET', headers: {} };
  }

  /**
   * Exchanges an authorization code for tokens, once: a code that was sent twice may cost the tokens it gave. Compare
   * the `state` first. An ID Token is verified; with `nonce` one must be there.
   *
   * @throws {@link TokenResponseError} where jAccount refused: `invalid_grant` for a code that is older than 60 seconds
   *   or was used; {@link IdTokenError}; the errors of the network.
   */
  async exchangeCode(grant: CodeGrant): Promise<TokenSet> {
    const parameters = codeParameters(grant, this.settings.insecureHosts);
    const { nonce } = grant;
    try {
      return await this.tokensFor(parameters, nonce === undefined ? {} : { nonce });
    } catch (error) {
      throw unrepeatable(error);
    }
  }

  /**
   * Renews a token set, or what a refresh token alone stands for. What jAccount does not send anew, the refresh token
   * above all, stays as it was. Callers who renew the same refresh token at the same time share one request.
   *
   * An ID Token that comes along must be about the same login as `claims`: OpenID Connect Core 1.0, section 12.2.
   */
  async refresh(tokens: string | TokenSet | RefreshGrant): Promise<TokenSet> {
    const previous: Partial<TokenSet> = typeof tokens === 'string' ? { refreshToken: tokens } : tokens;
    const parameters = refreshParameters(previous);
    const sentAt = secondsNow();
    const response = await this.renewOnce(parameters.refresh_token, () => this.exchange(parameters));
    const renewed = tokenSetFrom(response, sentAt, await this.claimsIn(response));
    if (renewed.claims) assertSameLogin(previous.claims, renewed.claims);
    return renewedTokenSet(previous, renewed);
  }

  /** A token for the application itself: for operations whose grants name `client_credentials`. */
  async clientCredentials(grant: ClientCredentialsGrant): Promise<TokenSet> {
    return this.tokensFor(clientCredentialsParameters(grant));
  }

  /** A token request that is not sent, for any of the three grants. It holds the client's secret: not for logs. */
  tokenRequest(grant: TokenGrant): HttpRequest {
    return buildTokenRequest(this.settings, parametersOf(grant, this.settings.insecureHosts));
  }

  /**
   * The address that ends the user's session at jAccount and then leads to `postLogoutRedirectURI`; the address alone
   * will do. End your own session first, as {@link signOut} does.
   *
   * @throws TypeError for an address of another form.
   */
  logoutURL(options: string | LogoutOptions): string {
    const given = new GivenOptions(
      'JaccountClient',
      typeof options === 'string' ? { postLogoutRedirectURI: options } : options,
    );
    given.assertKnown(['postLogoutRedirectURI', 'state']);
    const { logoutURL, clientID, insecureHosts } = this.settings;
    return buildLogoutURL({
      logoutURL,
      clientID,
      insecureHosts,
      postLogoutRedirectURI: given.value('postLogoutRedirectURI') as string,
      ...(given.has('state') && { state: given.text('state') }),
    });
  }

  private async tokensFor(
    parameters: GrantParameters,
    { nonce }: { nonce?: string } = {},
  ): Promise<TokenSet> {
    const sentAt = secondsNow();
    const response = await this.exchange(parameters, nonce === undefined ? [] : [nonce]);
    if (nonce !== undefined && response.id_token === undefined) throw new IdTokenError('missing');
    const claims = await this.claimsIn(response, nonce === undefined ? {} : { nonce });
    return tokenSetFrom(response, sentAt, claims);
  }

  private exchange(parameters: GrantParameters, secrets: readonly string[] = []): Promise<TokenResponse> {
    return exchangeGrant(this.settings, parameters, this.transport, secrets);
  }

  private async claimsIn(
    { id_token, access_token: accessToken }: TokenResponse,
    expected: Pick<ExpectedIdToken, 'nonce'> = {},
  ): Promise<IdTokenClaims | undefined> {
    if (id_token === undefined) return undefined;
    const { issuer, clientID, clockTolerance } = this.settings;
    return this.verifyToken(id_token, { ...expected, issuer, clientID, clockTolerance, accessToken });
  }
}

function nonceIn(given: GivenOptions, scope: readonly string[]): { nonce?: string } {
  if (given.has('nonce')) return { nonce: given.text('nonce') };
  return scope.includes('openid') ? { nonce: randomValue() } : {};
}

// RFC 7636, section 4.2: 32 octets.
function codeChallengeIn(given: GivenOptions): { codeChallenge?: string } {
  if (!given.has('codeChallenge')) return {};
  const codeChallenge = given.text('codeChallenge');
  if (/^[\w-]{43}$/.test(codeChallenge)) return { codeChallenge };
  return given.refuse('codeChallenge', 'must be a SHA-256 digest in base64url, 43 characters');
}

// Before a request goes out: what jAccount counts from a later moment lasts a little longer.
function secondsNow(): number {
  return Math.floor(Date.now() / 1000);
}
