import { control, controls, dashboard, state } from './dashboard/control';
import type { Exchange } from './http/exchange';
import { maintenancePage, misbehave, sendBody } from './http/misbehave';
import { ApiRefusal, apiRefusal, methodRefusal, oauthRefusal } from './http/refusal';
import { jwks } from './oauth/api-token';
import { authorize, consent, showConsent } from './oauth/authorize';
import { discoveryDocument } from './oauth/discovery';
import { login, showLogin } from './oauth/login';
import { logout } from './oauth/logout';
import { token } from './oauth/token';
import { script } from './pages/script';
import { styleSheet } from './pages/style';
import { type ApiOperation, callApi } from './rest/api';
import { apiOperations } from './rest/operations';
import type { Emulation } from './state/emulation';
import type { FaultPoint } from './state/faults';

type Handler = (emulation: Emulation, exchange: Exchange) => void | Promise<void>;

interface Route {
  handler: Handler;
  /** Whose faults strike here. */
  points?: readonly FaultPoint[];
}

// The emulator's own pages stay up whatever becomes of jAccount.
const ownPages: Record<string, Handler> = {
  'GET /': dashboard,
  'GET /emulator/state': state,
  'GET /emulator/style.css': (_emulation, exchange) => asset(exchange, 'text/css', styleSheet),
  'GET /emulator/script.js': (_emulation, exchange) => asset(exchange, 'text/javascript', script),
  ...Object.fromEntries(
    Object.entries(controls).map(([name, change]): [string, Handler] => [
      `POST /emulator/${name}`,
      (emulation, exchange) => control(emulation, exchange, change),
    ]),
  ),
};

const jaccount: Record<string, Route> = {
  'GET /oauth2/authorize': { handler: authorize, points: ['authorize'] },
  'POST /oauth2/token': { handler: token, points: ['token'] },
  'GET /oauth2/logout': { handler: logout, points: ['logout'] },
  'GET /oauth2/.well-known/openid-configuration': { handler: json(discoveryDocument) },
  'GET /.well-known/jwks.json': { handler: json(jwks), points: ['jwks'] },
  'GET /jaccount/jalogin': { handler: showLogin },
  'POST /jaccount/ulogin': { handler: login },
  'GET /jaccount/consent': { handler: showConsent },
  'POST /jaccount/consent': { handler: consent },
};

const routes = { ...ownPages, ...jaccount };

function json(document: (emulation: Emulation) => object): Handler {
  return (emulation, exchange) => exchange.json(200, document(emulation));
}

function asset(exchange: Exchange, type: string, text: string): void {
  exchange.send(200, text, { 'Content-Type': `${type}; charset=utf-8` });
}

/** Answers one request, whatever comes of it. */
export async function answer(emulation: Emulation, exchange: Exchange): Promise<void> {
  try {
    const key = `${exchange.request.method} ${exchange.url.pathname}`;
    if (Object.hasOwn(ownPages, key)) return await ownPages[key]?.(emulation, exchange);
    if (emulation.behaviour.maintenance === 'on') return sendBody(exchange, 503, maintenancePage);
    const { handler, points = [] } = routeFor(exchange);
    const fault = emulation.faults.take(...points);
    if (fault && (await misbehave(exchange, fault))) return;
    await handler(emulation, exchange);
  } catch (error) {
    refuse(emulation, exchange, error);
  }
}

function routeFor(exchange: Exchange): Route {
  const { pathname } = exchange.url;
  const method = exchange.request.method ?? '';
  const key = `${method} ${pathname}`;
  if (Object.hasOwn(jaccount, key)) return jaccount[key] as Route;
  if (/^\/v\d\//.test(pathname)) return apiRoute(method, pathname);
  const allowed = ['GET', 'POST'].filter((other) => Object.hasOwn(routes, `${other} ${pathname}`));
  if (allowed.length > 0) throw methodRefusal(allowed);
  throw oauthRefusal('not_found', 'No such endpoint', 404);
}

function apiRoute(method: string, pathname: string): Route {
  const [found] = apiOperations.flatMap((operation) => {
    const path = pathParameters(operation, pathname);
    return path ? [{ operation, path }] : [];
  });
  if (!found) throw apiRefusal(10008, 404);
  const { operation, path } = found;
  if (operation.method !== method) throw apiRefusal(10001, 405, { Allow: operation.method });
  return {
    handler: (emulation, exchange) => callApi(operation, emulation, exchange, path),
    points: operation.path === '/v1/me/profile' ? ['profile', 'api'] : ['api'],
  };
}

// What stands in the braces of an operation's path; undefined where the path is another's.
function pathParameters(operation: ApiOperation, pathname: string): Record<string, string> | undefined {
  const names = operation.path.split('/');
  const parts = pathname.split('/');
  if (names.length !== parts.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const part = parts[index] as string;
    if (!name.startsWith('{')) {
      if (name !== part) return undefined;
      continue;
    }
    if (part === '') return undefined;
    parameters[name.slice(1, -1)] = decoded(part);
  }
  return parameters;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw apiRefusal(10001, 400);
  }
}

// The one errno whose HTTP status is a matter of dispute is any that the operation itself gave.
function refuse({ behaviour }: Emulation, exchange: Exchange, error: unknown): void {
  if (error instanceof ApiRefusal && behaviour.apiErrorStatus === '200') {
    return exchange.json(200, error.body);
  }
  exchange.refuse(error);
}
