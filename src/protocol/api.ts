import type { Agent, IncomingMessage } from 'node:http';
import type { Response, SuperAgentRequest, SuperAgentStatic } from 'superagent';
import { observeRequest } from '../diagnostics';
import { ApiError, JaccountError, MalformedResponseError, NetworkError } from '../errors';
import type { ProfileEntity } from '../wire';
import {
  assertPlain,
  bareCause,
  type HttpResponse,
  ownMember,
  parseJsonObject,
  type Transport,
} from './http';

const maxOctets = 1024 * 1024;

// Loaded when it is first needed: with the scope `openid` alone it never is. `require`, because superagent is
// CommonJS, and because a native import() fails under Jest.
export function loadSuperagent(): SuperAgentStatic {
  return require('superagent');
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
  return profileEntityOf(await sendApiRequest(`${apiURL}/me/profile`, accessToken, transport));
}

function sendApiRequest(url: string, accessToken: string, transport: Transport): Promise<HttpResponse> {
  return observeRequest({ method: 'GET', url }, () => fetchOctets(url, accessToken, transport));
}

async function fetchOctets(url: string, accessToken: string, transport: Transport): Promise<HttpResponse> {
  const { agentFor, timeout } = transport;
  let status = 0;
  const collect: Parser = (response, done) => {
    status = (response as unknown as IncomingMessage).statusCode ?? 0;
    collectOctets(response, done);
  };
  try {
    const { headers, body } = await boundedRequest(url, agentFor(url))
      .timeout(timeout)
      .parse(collect)
      // RFC 9700, section 4.3.2: in the header, never in the URL, although jAccount takes both.
      .set({
        Accept: 'application/json',
        'Accept-Encoding': 'identity',
        Authorization: `Bearer ${accessToken}`,
      });
    assertPlain(headers['content-encoding'], status);
    return { status, contentType: headers['content-type'], body };
  } catch (error) {
    throw translated(error, url, status);
  }
}

function boundedRequest(url: string, agent: Agent): SuperAgentRequest {
  return loadSuperagent()
    .get(url)
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

function translated(error: unknown, url: string, status: number): JaccountError {
  if (error instanceof JaccountError) return error;
  const { code, timeout } = error as { code?: string; timeout?: number };
  if (code === 'ETOOLARGE')
    return new MalformedResponseError(`response is larger than ${maxOctets} octets`, status);
  return new NetworkError(url, { timedOut: timeout !== undefined, cause: bareCause(error) });
}

/**
 * The one entity of an answer of the profile API, in its envelope or bare.
 *
 * The envelope's errno, not the HTTP status, says whether jAccount served the call; its text is truthy on success.
 */
export function profileEntityOf(response: HttpResponse): ProfileEntity {
  const { status } = response;
  const json = parseJsonObject(response);
  const bare = !Object.hasOwn(json, 'errno') && !Object.hasOwn(json, 'entities');
  const entity = bare ? json : soleEntityOf(json, status);
  if (status !== 200) throw new MalformedResponseError('the API answered without an errno', status);
  if (!isAccount(ownMember(entity, 'account'))) {
    throw new MalformedResponseError('unexpected profile "account" member', status);
  }
  return entity as ProfileEntity;
}

function soleEntityOf(envelope: Record<string, unknown>, status: number): Record<string, unknown> {
  const errno = ownMember(envelope, 'errno');
  if (typeof errno !== 'number')
    throw new MalformedResponseError('unexpected envelope "errno" member', status);
  if (errno !== 0) throw new ApiError(errno, status);
  const entities = ownMember(envelope, 'entities');
  const [entity] = Array.isArray(entities) && entities.length === 1 ? entities : [];
  if (typeof entity !== 'object' || entity === null || Array.isArray(entity)) {
    throw new MalformedResponseError('unexpected envelope "entities" member', status);
  }
  return entity;
}

// It becomes a key and perhaps a path: nothing invisible, no slash. Which letters jAccount admits is its affair.
function isAccount(value: unknown): value is string {
  return typeof value === 'string' && /^[^\p{C}\p{Z}/\\]{1,255}$/u.test(value);
}
