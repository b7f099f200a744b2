import type { JaccountLoginMessage } from '../diagnostics';
import { AccountMismatchError, IdTokenError } from '../errors';
import { profileScopes } from '../jaccount/scopes';
import type { IdTokenClaims, TokenResponse } from '../jaccount/wire';
import { profileFromEntity } from '../profile/from-entity';
import { profileFromIdToken } from '../profile/from-id-token';
import { accountKey, type JaccountProfile } from '../profile/profile';
import { fetchProfile } from '../protocol/api';
import { createTransport, type Transport } from '../protocol/http';
import { createIdTokenVerifier, type IdTokenVerifier } from '../protocol/id-token';
import { exchangeGrant, type GrantParameters } from '../protocol/token-endpoint';
import { type AuthorizationResponse, refusalOf } from './authorization-response';
import type { LoginSettings } from './settings';
import type { Transaction } from './transaction';

/** A login whose code was exchanged. */
export interface ExchangedLogin {
  readonly scope: readonly string[];
  readonly tokens: TokenResponse;
  /**
   * The claims of the ID Token, verified once however often they are asked for. Undefined where none came and none was
   * asked for. It rejects with an {@link IdTokenError}.
   */
  readonly claims: () => Promise<IdTokenClaims | undefined>;
}

/** The second half of a login: from the authorization response to the profile. */
export class Finisher {
  private readonly transport: Transport;
  private readonly verifyToken: IdTokenVerifier;

  constructor(private readonly settings: LoginSettings) {
    this.transport = createTransport(settings.timeout, settings.agent);
    this.verifyToken = createIdTokenVerifier(settings.clientSecret);
  }

  /** Exchanges any grant at the token endpoint. It does not need `this`, because passport-oauth2-refresh copies it. */
  readonly exchangeGrant = (
    grant: GrantParameters,
    secrets?: readonly (string | undefined)[],
  ): Promise<TokenResponse> => exchangeGrant(this.settings, grant, this.transport, secrets);

  /**
   * Exchanges the code of an authorization response. Its state is known to be ours by now: before, neither `code` nor
   * `error` may be believed (RFC 6749, section 4.1.2.1).
   */
  async exchange(
    transaction: Transaction,
    { state, code = '', error, errorDescription }: AuthorizationResponse,
    extra?: Readonly<Record<string, unknown>>,
  ): Promise<ExchangedLogin> {
    const { redirectURI, codeVerifier, nonce, scope } = transaction;
    // A provider that repeats one of these must not get it into our errors.
    const secrets = [state, nonce, codeVerifier];
    if (error !== undefined)
      throw refusalOf(error, errorDescription, [...secrets, this.settings.clientSecret]);
    const grant = {
      ...(extra as GrantParameters | undefined),
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectURI,
      ...(codeVerifier !== undefined && { code_verifier: codeVerifier }),
    };
    const tokens = await this.exchangeGrant(grant, secrets);
    let claims: Promise<IdTokenClaims | undefined> | undefined;
    return {
      scope,
      tokens,
      claims: () => {
        claims ??= this.verifiedClaims(transaction, tokens);
        return claims;
      },
    };
  }

  // Demanded with the scope `openid`; verified whenever one comes.
  private async verifiedClaims(
    { scope, nonce = null }: Pick<Transaction, 'scope'> & { nonce?: string | null },
    { id_token: idToken, access_token: accessToken }: TokenResponse,
  ): Promise<IdTokenClaims | undefined> {
    if (idToken === undefined) {
      if (scope.includes('openid')) throw new IdTokenError('missing');
      return undefined;
    }
    const { issuer, clientID, clockTolerance, allowMissingNonce } = this.settings;
    const expected = { issuer, clientID, clockTolerance, allowMissingNonce, nonce, accessToken };
    return this.verifyToken(idToken, expected);
  }

  /** From the verified ID Token, the profile API, or both, which must name one account. Without a login, from the API. */
  async profileOf(accessToken: string, login?: ExchangedLogin): Promise<JaccountProfile | undefined> {
    const { apiURL, deriveEmail } = this.settings;
    // First the ID Token: nothing else of a response is used before its nonce is known to be ours.
    const claims = await login?.claims();
    const wanted = !login || this.asksApi(login.scope);
    const entity = wanted ? await fetchProfile(apiURL, accessToken, this.transport) : undefined;
    if (claims && entity && accountKey(claims.sub) !== accountKey(entity.account))
      throw new AccountMismatchError();
    if (entity) return profileFromEntity(entity, deriveEmail, claims);
    return claims && profileFromIdToken(claims, deriveEmail);
  }

  private asksApi(scope: readonly string[]): boolean {
    return asksProfile(scope) && !this.settings.skipUserProfile;
  }

  /** Where the profile of a login came from. */
  async roadOf(login: ExchangedLogin): Promise<JaccountLoginMessage['road']> {
    const claims = await login.claims();
    if (this.asksApi(login.scope)) return claims ? 'both' : 'profile';
    return claims ? 'id-token' : 'none';
  }
}

/** Whether a scope needs the profile API. */
export function asksProfile(scope: readonly string[]): boolean {
  return !scope.includes('openid') || scope.some((name) => profileScopes.includes(name));
}
