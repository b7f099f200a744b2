import type { Exchange } from '../http/exchange';
import { optional, required } from '../http/form';
import { oauthRefusal } from '../http/refusal';
import { authenticateClient, type EmulatedClient, grantableScope, sameSecret } from '../state/clients';
import type { Emulation } from '../state/emulation';
import type { Fault } from '../state/faults';
import { type Authorization, accessTokenLifetime, answersChallenge, type Tokens } from '../state/grants';
import { apiTokenFor } from './api-token';
import { idToken } from './id-token';

type TokenGrant = (emulation: Emulation, client: EmulatedClient, form: URLSearchParams) => Tokens;

const tokenGrants: Record<string, TokenGrant> = {
  authorization_code: redeemCode,
  refresh_token: refresh,
  client_credentials: clientCredentials,
  password: passwordGrant,
};

/**
 * `POST /oauth2/token`.
 *
 * @see RFC 6749, sections 4.1.3, 4.3, 4.4 and 6
 */
export async function token(emulation: Emulation, exchange: Exchange): Promise<void> {
  const { fault } = exchange;
  if (fault?.error !== undefined) throw oauthRefusal(fault.error, 'A fault on demand');
  const form = await exchange.readForm();
  const client = authenticateClient(emulation.clients, exchange.request.headers.authorization, form);
  const grantType = optional(form, 'grant_type');
  if (grantType === undefined) throw oauthRefusal('invalid_request', 'Missing grant_type parameter value');
  if (grantType === 'client_credentials' && form.has('audience')) {
    return exchange.json(200, apiTokenFor(emulation, client, form));
  }
  if (!Object.hasOwn(tokenGrants, grantType)) {
    throw oauthRefusal('unsupported_grant_type', 'Invalid grant_type parameter value');
  }
  const tokens = (tokenGrants[grantType] as TokenGrant)(emulation, client, form);
  const { refresh_token, ...rest } = tokenResponse(emulation, client, tokens, fault);
  const mentioned = grantType !== 'refresh_token' || emulation.behaviour.refresh !== 'unmentioned';
  exchange.json(200, { ...rest, ...(refresh_token !== undefined && mentioned && { refresh_token }) });
}

function redeemCode({ grants, behaviour }: Emulation, client: EmulatedClient, form: URLSearchParams): Tokens {
  const code = required(form, 'code');
  const authorization = grants.takeCode(code);
  assertRedeemable(authorization, client, form);
  if (behaviour.pkce === 'honoured') assertVerifier(authorization, optional(form, 'code_verifier'));
  return grants.issueTokens(authorization, code);
}

// Each guard is one MUST of RFC 6749, section 4.1.3.
function assertRedeemable(
  authorization: Authorization | undefined,
  { clientID }: EmulatedClient,
  form: URLSearchParams,
): asserts authorization is Authorization {
  if (!authorization) throw oauthRefusal('invalid_grant', 'Unknown, expired or used code');
  if (authorization.clientID !== clientID)
    throw oauthRefusal('invalid_grant', 'The code was issued to another client');
  if (authorization.redirectURI !== required(form, 'redirect_uri')) {
    throw oauthRefusal('invalid_grant', 'redirect_uri differs from that of the authorization request');
  }
}

// RFC 7636, section 4.6; a verifier without a challenge is a downgrade: RFC 9700, section 2.1.1.
function assertVerifier({ codeChallenge }: Authorization, verifier: string | undefined): void {
  if (codeChallenge ? !answersChallenge(verifier ?? '', codeChallenge) : verifier !== undefined) {
    throw oauthRefusal('invalid_grant', 'code_verifier does not answer the code_challenge');
  }
}

function refresh({ grants, behaviour }: Emulation, client: EmulatedClient, form: URLSearchParams): Tokens {
  const given = grants.findRefreshToken(required(form, 'refresh_token'));
  if (given?.authorization.clientID !== client.clientID) {
    throw oauthRefusal('invalid_grant', 'Unknown or expired refresh_token');
  }
  return grants.refresh(given, behaviour.refresh);
}

function clientCredentials({ grants }: Emulation, client: EmulatedClient, form: URLSearchParams): Tokens {
  const scope = grantableScope(client, optional(form, 'scope'), 'client_credentials');
  return grants.issueTokens({ clientID: client.clientID, redirectURI: '', scope });
}

// Documented for three scopes only, and for accounts that have a password here.
function passwordGrant(
  { grants, directory }: Emulation,
  client: EmulatedClient,
  form: URLSearchParams,
): Tokens {
  const account = directory.find(required(form, 'username'));
  if (!account || !sameSecret(account.password, required(form, 'password'))) {
    throw oauthRefusal('invalid_grant', 'Unknown account, or wrong password');
  }
  const scope = grantableScope(client, optional(form, 'scope'), 'password');
  return grants.issueTokens({ account: account.account, clientID: client.clientID, redirectURI: '', scope });
}

interface TokenResponseBody {
  access_token: string;
  refresh_token?: string;
  id_token?: string;
  token_type: string;
  expires_in: number | string;
}

const lifetimes = { '1800': accessTokenLifetime, '1799': 1799, string: String(accessTokenLifetime) };

/** What the token endpoint says of tokens. No "scope": jAccount never tells what was granted. */
export function tokenResponse(
  emulation: Emulation,
  client: EmulatedClient,
  { accessToken, refreshToken, authorization }: Tokens,
  fault?: Fault,
): TokenResponseBody {
  const { behaviour } = emulation;
  return {
    access_token: accessToken,
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    ...(hasIdToken(emulation, authorization) && {
      id_token: idToken(emulation, client, authorization, fault),
    }),
    token_type: behaviour.tokenType === 'spaced' ? ' Bearer ' : 'Bearer',
    expires_in: lifetimes[behaviour.expiresIn],
  };
}

function hasIdToken({ behaviour }: Emulation, { account, scope }: Authorization): boolean {
  if (account === undefined || behaviour.idToken === 'never') return false;
  return behaviour.idToken === 'always' || scope.includes('openid');
}
