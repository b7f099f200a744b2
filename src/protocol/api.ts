import type { Agent, IncomingMessage } from 'node:http';
import type { Response, SuperAgentRequest, SuperAgentStatic } from 'superagent';
import { endpointOf, observeRequest } from '../diagnostics';
import { JaccountError, NetworkError } from '../errors';
import type { ProfileEntity } from '../jaccount/wire';
import { parseEnvelope, profileIn } from './envelope';
import {
  type AnswerHead,
  assertPlain,
  bareCause,
  type HttpRequest,
  type HttpResponse,
  headOf,
  lacksTLS,
  noTLS,
  type Transport,
  tooLarge,
} from './http';

const maxOctets = 1024 * 1024;

// Loaded when it is first needed: with the scope `openid` alone it never is. `require`, because superagent is
// CommonJS, and because a native import() fails under Jest.
export function loadSuperagent(): SuperAgentStatic {
  return require('superagent');
}

/** A request of the REST API. A body of parameters goes as a form, any other as JSON. */
export function buildApiRequest(url: string, method: HttpRequest['method'], body?: unknown): HttpRequest {
  const headers = { Accept: 'application/json' };
  if (body === undefined) return { method, url, headers };
  const form = body instanceof URLSearchParams;
  const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
  return {
    method,
    url,
    headers: { ...headers, 'Content-Type': type },
    body: form ? body.toString() : JSON.stringify(body),
  };
}

/** RFC 9700, section 4.3.2: in the header, never in the URL, although jAccount takes both. */
export function authorize(request: HttpRequest, accessToken: string): HttpRequest {
  return { ...request, headers: { ...request.headers, Authorization: `Bearer ${accessToken}` } };
}

/**
 * Fetches the profile of the user that an access token belongs to.
 *
 * @see developer.sjtu.edu.cn/api/profile.html
 */
export async function fetchProfile(
  apiURL: string,
  accessToken: string,
  transport: Transport,
): Promise<ProfileEntity> {
  const request = authorize(buildApiRequest(`${apiURL}/me/profile`, 'GET'), accessToken);
  return profileIn(parseEnvelope(await sendApiRequest(request, transport)));
}

/** One exchange with the REST API, in time and in bounds. A request is sent once. */
export function sendApiRequest(request: HttpRequest, transport: Transport): Promise<HttpResponse> {
  return observeRequest(request, () => exchange(request, transport));
}

async function exchange(
  { method, url, headers: sent, body: sentBody }: HttpRequest,
  { agentFor, timeout }: Transport,
): Promise<HttpResponse> {
  // Until an answer begins.
  let head: AnswerHead = { status: 0, contentType: undefined };
  const collect: Parser = (response, done) => {
    const message = response as unknown as IncomingMessage;
    if (lacksTLS(url, message)) return done(new Error(noTLS), Buffer.alloc(0));
    head = headOf(message, nameOf(url));
    collectOctets(response, done);
  };
  try {
    const { headers, body } = await boundedRequest(method, url, agentFor(url))
      .timeout(timeout)
      .parse(collect)
      .set({ ...sent, 'Accept-Encoding': 'identity' })
      .send(sentBody);
    assertPlain(headers['content-encoding'], head);
    return { ...head, body };
  } catch (error) {
    throw translated(error, url, head);
  }
}

function boundedRequest(method: string, url: string, agent: Agent): SuperAgentRequest {
  return loadSuperagent()(method, url)
    .agent(agent)
    .redirects(0)
    .retry(0)
    .maxResponseSize(maxOctets)
    .ok(() => true)
    .buffer(true);
}

type Parser = (response: Response, done: (error: Error | null, body: Buffer) => void) => void;

// superagent's own parsers go by the content type and give `{}` for HTML: the octets are judged here instead.
const collectOctets: Parser = (response, done) => {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('end', () => done(null, Buffer.concat(chunks)));
};

// Elsewhere than under these names, a path may hold an account.
function nameOf(url: string): string {
  const { endpoint } = endpointOf(new URL(url));
  return endpoint === 'other' ? "jAccount's API" : `jAccount's API (${endpoint})`;
}

function translated(error: unknown, url: string, head: AnswerHead): JaccountError {
  if (error instanceof JaccountError) return error;
  const { code, timeout } = error as { code?: string; timeout?: number };
  if (code === 'ETOOLARGE') return tooLarge(head, maxOctets);
  return new NetworkError(url, { timedOut: timeout !== undefined, cause: bareCause(error) });
}
