import { ApiError, MalformedResponseError } from '../errors';
import type { Operation } from '../jaccount/operations';
import type { Envelope, ProfileEntity } from '../jaccount/wire';
import { type HttpResponse, ownMember, parseJsonObject } from './http';

/**
 * What an answer of the REST API holds. The envelope's errno, not the HTTP status, says whether jAccount served the
 * call; its text is truthy on success, and its `total` is 0 beside one entity.
 */
export function parseEnvelope(response: HttpResponse, operation?: Operation): Envelope {
  const { status } = response;
  const json = parseJsonObject(response);
  if (isBareProfile(json)) return assertServed({ entities: [json] }, status);
  const errno = ownMember(json, 'errno');
  if (typeof errno !== 'number')
    throw new MalformedResponseError('unexpected envelope "errno" member', status);
  if (errno !== 0) throw new ApiError(errno, status, operation);
  const nextToken = ownMember(json, 'nextToken');
  return assertServed(
    {
      entities: entitiesIn(json, status),
      ...(typeof nextToken === 'string' && nextToken !== '' && { nextToken }),
    },
    status,
  );
}

// One page of the documentation shows the profile without its envelope.
function isBareProfile(json: Record<string, unknown>): boolean {
  return !Object.hasOwn(json, 'errno') && !Object.hasOwn(json, 'entities') && Object.hasOwn(json, 'account');
}

function assertServed(envelope: Envelope, status: number): Envelope {
  if (status === 200) return envelope;
  throw new MalformedResponseError('the API answered without an errno', status);
}

function entitiesIn(json: Record<string, unknown>, status: number): unknown[] {
  const entities = ownMember(json, 'entities') ?? [];
  if (Array.isArray(entities)) return entities;
  throw new MalformedResponseError('unexpected envelope "entities" member', status);
}

/** The one entity of an answer that has exactly one. */
export function soleEntityIn({ entities }: Envelope): Record<string, unknown> {
  const [entity] = entities.length === 1 ? entities : [];
  if (typeof entity === 'object' && entity !== null && !Array.isArray(entity))
    return entity as Record<string, unknown>;
  throw new MalformedResponseError('unexpected envelope "entities" member', 200);
}

/** The one entity of an answer of the profile API. */
export function profileIn(envelope: Envelope): ProfileEntity {
  const entity = soleEntityIn(envelope);
  if (!isAccount(ownMember(entity, 'account'))) {
    throw new MalformedResponseError('unexpected profile "account" member', 200);
  }
  return entity as ProfileEntity;
}

// It becomes a key and perhaps a path: nothing invisible, no slash. Which letters jAccount admits is its affair.
function isAccount(value: unknown): value is string {
  return typeof value === 'string' && /^[^\p{C}\p{Z}/\\]{1,255}$/u.test(value);
}
