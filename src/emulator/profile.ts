import { entityFor } from './accounts';
import type { Emulation, Exchange } from './emulator';
import { apiRefusal } from './refusal';

/** `GET /v1/me/profile`. `total` is 0 although there is one entity: so it is at jAccount. */
export function profile({ grants, accounts }: Emulation, exchange: Exchange): void {
  const accessToken = bearerToken(exchange) ?? '';
  if (grants.hasExpired(accessToken)) throw apiRefusal(10007, 'ACCESS_TOKEN_EXPIRED');
  const tokens = grants.findAccessToken(accessToken);
  const account = tokens && accounts.get(tokens.authorization.account);
  if (!account) throw apiRefusal(10002, 'Authentication Failed.');
  const entity = entityFor(account, tokens.authorization.scope);
  exchange.json(200, { errno: 0, error: 'success', total: 0, entities: [entity] });
}

// In the header or, as jAccount's documentation also has it, in the query.
function bearerToken({ request, query }: Exchange): string | undefined {
  const [, token] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  const [inQuery, ...more] = query.getAll('access_token');
  if (more.length > 0) throw apiRefusal(10001, 'BAD_PARAMETERS', 400);
  return token ?? inQuery;
}
