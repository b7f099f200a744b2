import type { Exchange } from '../http/exchange';
import { apiRefusal } from '../http/refusal';
import type { Account } from '../state/accounts';
import type { Emulation } from '../state/emulation';
import type { Tokens } from '../state/grants';

/** One operation of the REST API. */
export interface ApiOperation {
  method: 'GET';
  /** Such as `/v1/me/lessons/{term}`. */
  path: string;
  /** One of them opens it. None: anybody with a token may call; where it is about no user, anybody at all. */
  scopes: readonly string[];
  /** Whether it is about the signed-in user, so that a token of an application alone is not enough. */
  user: boolean;
  answer(call: ApiCall): Entities;
}

/** What a call is about, once its token has been accepted. */
export interface ApiCall {
  emulation: Emulation;
  /** What stands in the path's braces, percent-decoded. */
  path: Readonly<Record<string, string>>;
  query: URLSearchParams;
  scope: readonly string[];
  /** The signed-in user; undefined for a token of client credentials. */
  account: Account | undefined;
}

/** What an envelope holds. Without `total` the switch `envelopeTotal` decides what it says. */
export interface Entities {
  entities: readonly object[];
  total?: number;
  nextToken?: string;
}

/** Answers a call of the REST API: its token, its scope, then the operation itself. */
export function callApi(
  operation: ApiOperation,
  emulation: Emulation,
  exchange: Exchange,
  path: Readonly<Record<string, string>>,
): void {
  const accessToken = bearerToken(exchange);
  // Documented without a grant and without a scope: nothing says that it takes a token.
  const isOpen = !operation.user && operation.scopes.length === 0;
  const authorization =
    accessToken === undefined && isOpen ? undefined : authorizationOf(emulation, accessToken);
  const { scope = [], account } = authorization ?? {};
  const person = account === undefined ? undefined : emulation.directory.find(account);
  if (account !== undefined && !person) throw apiRefusal(10002);
  if (operation.user && !person) throw apiRefusal(10003);
  if (operation.scopes.length > 0 && !operation.scopes.some((name) => scope.includes(name))) {
    throw apiRefusal(10010);
  }
  const call = { emulation, path, query: exchange.query, scope, account: person };
  const answer = operation.answer(call);
  const [entity] = answer.entities;
  const bare = emulation.behaviour.profile === 'bare' && operation.path === '/v1/me/profile';
  exchange.json(200, bare && entity ? entity : envelope(emulation, answer));
}

function authorizationOf({ grants }: Emulation, accessToken = ''): Tokens['authorization'] {
  const tokens = grants.findAccessToken(accessToken);
  if (tokens) return tokens.authorization;
  throw apiRefusal(grants.hasExpired(accessToken) ? 10007 : 10002);
}

// In the header or, as jAccount's documentation also has it, in the query.
function bearerToken({ request, query }: Exchange): string | undefined {
  const [, token] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  const [inQuery, ...more] = query.getAll('access_token');
  if (more.length > 0) throw apiRefusal(10001, 400);
  return token ?? inQuery;
}

const errors = { success: 'success', 'Succeed.': 'Succeed.', null: null };
const totals = { '0': 0, '1': 1, string: '1' };

// `total` is 0 although there is one entity: so it is at jAccount.
function envelope({ behaviour }: Emulation, { entities, total, nextToken }: Entities): object {
  return {
    errno: 0,
    error: errors[behaviour.envelopeError],
    total: total ?? totals[behaviour.envelopeTotal],
    ...(nextToken !== undefined && { nextToken }),
    entities,
  };
}
