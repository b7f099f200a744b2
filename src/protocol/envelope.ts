import { ApiError } from '../errors';
import type { Operation } from '../jaccount/operations';
import type { Envelope, ProfileEntity } from '../jaccount/wire';
import { type HttpResponse, malformed, ownMember, parseJsonObject } from './http';

/**
 * What an answer of the REST API holds. The envelope's errno, not the HTTP status, says whether jAccount served the
 * call; its text is truthy on success, and its `total` is 0 beside one entity.
 */
export function parseEnvelope(response: HttpResponse, operation?: Operation): Envelope {
  const { status } = response;
  const json = parseJsonObject(response);
  if (isBareProfile(json)) return assertServed({ entities: [json] }, response);
  const errno = ownMember(json, 'errno');
  if (typeof errno !== 'number') throw malformed(response, 'unexpected envelope "errno" member');
  if (errno !== 0) throw new ApiError(errno, status, operation);
  const nextToken = ownMember(json, 'nextToken');
  return assertServed(
    {
      entities: entitiesIn(json, response),
      ...(typeof nextToken === 'string' && nextToken !== '' && { nextToken }),
    },
    response,
  );
}

// One page of the documentation shows the profile without its envelope.
function isBareProfile(json: Record<string, unknown>): boolean {
  return !Object.hasOwn(json, 'errno') && !Object.hasOwn(json, 'entities') && Object.hasOwn(json, 'account');
}

function assertServed(envelope: Envelope, response: HttpResponse): Envelope {
  if (response.status === 200) return envelope;
  throw malformed(response, 'the envelope says that the call was served');
}

function entitiesIn(json: Record<string, unknown>, response: HttpResponse): unknown[] {
  const entities = ownMember(json, 'entities') ?? [];
  if (Array.isArray(entities)) return entities;
  throw malformed(response, 'unexpected envelope "entities" member');
}

// What is found out later is about an answer that was JSON and had status 200.
const served = { endpoint: "jAccount's API", status: 200, contentType: 'application/json' };

/** The one entity of an answer that has exactly one. */
export function soleEntityIn({ entities }: Envelope): Record<string, unknown> {
  const [entity] = entities.length === 1 ? entities : [];
  if (typeof entity === 'object' && entity !== null && !Array.isArray(entity))
    return entity as Record<string, unknown>;
  throw malformed(served, 'unexpected envelope "entities" member');
}

/** The one entity of an answer of the profile API. */
export function profileIn(envelope: Envelope): ProfileEntity {
  const entity = soleEntityIn(envelope);
  if (!isAccount(ownMember(entity, 'account'))) {
    throw malformed(served, 'unexpected profile "account" member');
  }
  return entity as ProfileEntity;
}

// It becomes a key and perhaps a path: nothing invisible, no slash. Which letters jAccount admits is its affair.
function isAccount(value: unknown): value is string {
  return typeof value === 'string' && /^[^\p{C}\p{Z}/\\]{1,255}$/u.test(value);
}
