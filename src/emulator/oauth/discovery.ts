import type { Emulation } from '../state/emulation';

/**
 * The discovery document, with the members that jAccount's has and no other: no `jwks_uri`, no `userinfo_endpoint`,
 * two scopes of forty.
 *
 * @see OpenID Connect Discovery 1.0, section 4
 */
export function discoveryDocument({ endpoints }: Emulation): object {
  return {
    response_types_supported: ['code', 'code id_token', 'id_token', 'id_token token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['HS256'],
    scopes_supported: ['openid', 'basic'],
    issuer: endpoints.issuer,
    authorization_endpoint: endpoints.authorizationURL,
    token_endpoint: endpoints.tokenURL,
  };
}
