import { createHmac } from 'node:crypto';
import type { Emulation, Exchange } from './emulator';
import { type Authorization, accessTokenLifetime, answersChallenge, type Tokens } from './grants';
import { authenticateClient, type EmulatedClient, optional, readForm, required } from './guards';
import { oauthRefusal } from './refusal';

/**
 * `POST /oauth2/token`.
 *
 * @see RFC 6749, sections 4.1.3 and 6
 */
export async function token(emulation: Emulation, exchange: Exchange): Promise<void> {
  const form = await readForm(exchange.request);
  const client = authenticateClient(emulation.clients, exchange.request.headers.authorization, form);
  const tokens = grantTokens(emulation, client, form);
  exchange.json(200, tokenResponse(emulation, client, tokens));
}

function grantTokens({ grants }: Emulation, client: EmulatedClient, form: URLSearchParams): Tokens {
  const grantType = optional(form, 'grant_type');
  switch (grantType) {
    case 'authorization_code': {
      const code = required(form, 'code');
      const authorization = grants.takeCode(code);
      assertRedeemable(authorization, client, form);
      return grants.issueTokens(authorization, code);
    }
    case 'refresh_token': {
      const given = grants.findRefreshToken(required(form, 'refresh_token'));
      if (given?.authorization.clientID !== client.clientID) {
        throw oauthRefusal('invalid_grant', 'Unknown or expired refresh_token');
      }
      grants.revoke(given);
      return grants.issueTokens(given.authorization, given.code);
    }
    case undefined:
      throw oauthRefusal('invalid_request', 'Missing grant_type parameter value');
    default:
      throw oauthRefusal('unsupported_grant_type', 'Invalid grant_type parameter value');
  }
}

// Each guard is one MUST of RFC 6749, section 4.1.3, or of RFC 7636, section 4.6.
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
  const verifier = optional(form, 'code_verifier');
  const challenge = authorization.codeChallenge;
  if (challenge ? !answersChallenge(verifier ?? '', challenge) : verifier !== undefined) {
    throw oauthRefusal('invalid_grant', 'code_verifier does not answer the code_challenge');
  }
}

// No "scope": jAccount never tells what was granted.
function tokenResponse(emulation: Emulation, client: EmulatedClient, tokens: Tokens): object {
  const { accessToken, refreshToken, authorization } = tokens;
  return {
    access_token: accessToken,
    refresh_token: refreshToken,
    ...(authorization.scope.includes('openid') && { id_token: idToken(emulation, client, authorization) }),
    token_type: 'Bearer',
    expires_in: accessTokenLifetime,
  };
}

// Written by hand, so that a misreading of ours is not made twice and cancels out.
function idToken(
  { endpoints, accounts, now }: Emulation,
  client: EmulatedClient,
  granted: Authorization,
): string {
  const { account, nonce } = granted;
  const { name = '', code = '', userType = '' } = accounts.get(account) ?? {};
  const time = now();
  return signHS256(client.clientSecret, {
    aud: client.clientID,
    iss: endpoints.issuer,
    sub: account,
    exp: time + accessTokenLifetime,
    iat: time,
    ...(nonce !== undefined && { nonce }),
    name,
    code,
    type: userType,
  });
}

function signHS256(secret: string, claims: object): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const input = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}
