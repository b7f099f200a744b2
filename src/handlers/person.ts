import type { Request, RequestHandler } from 'express';
import { ForbiddenError, type ForbiddenFault } from '../errors';
import { userOf } from '../frameworks';
import { identitiesInForce, type Person, type PersonIdentity } from '../profile/affiliation';
import { authInfoOf, guard, parseNeeded } from './guard';

export interface RequirePersonOptions {
  /**
   * Where your request holds the person.
   * @default `req.user`; if that has none of the members of a {@link Person}, the profile of the ID Token
   */
  of?: (req: Request) => Person | null | undefined;
}

export type RequiredOfPerson = [string, ...(string | RequirePersonOptions)[]];

export function parseRequired(
  door: string,
  needed: readonly unknown[],
): { names: readonly string[]; options: RequirePersonOptions } {
  return parseNeeded<RequirePersonOptions>(
    door,
    needed,
    (name, value) => name === 'of' && typeof value === 'function',
  );
}

/** Lets a request through if one identity of the user that is in force is enough. */
export function requireIdentity(
  fault: ForbiddenFault,
  { names, options }: ReturnType<typeof parseRequired>,
  isEnough: (identity: PersonIdentity) => boolean,
): RequestHandler {
  const { of = personIn } = options;
  return guard((req) => {
    const person = of(req);
    if (!person || !identitiesInForce(person).some(isEnough)) throw new ForbiddenError(fault, names);
  });
}

function personIn(req: Request): Person | undefined {
  const { client, profile } = authInfoOf(req);
  if (client !== undefined) return undefined;
  const user = (userOf(req) ?? {}) as Person;
  return isDescribed(user) ? user : profile;
}

function isDescribed({ userType, organization, topOrganization, identities }: Person): boolean {
  return [userType, organization, topOrganization, identities].some((member) => member !== undefined);
}
