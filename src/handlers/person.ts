import type { Request, RequestHandler } from 'express';
import { ForbiddenError } from '../errors';
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

/** The members of a person that a guard reads. */
const members = {
  'user-type': ['userType', 'identities'],
  organization: ['organization', 'topOrganization', 'identities'],
} as const;

/** Lets a request through if one identity of the user that is in force is enough. */
export function requireIdentity(
  fault: keyof typeof members,
  { names, options }: ReturnType<typeof parseRequired>,
  isEnough: (identity: PersonIdentity) => boolean,
): RequestHandler {
  const { of = personIn } = options;
  return guard((req) => {
    const person = of(req);
    if (!person || !identitiesInForce(person).some(isEnough))
      throw new ForbiddenError(fault, names, { hint: hintFor(fault, person) });
  });
}

// A token that speaks for a client is no person.
function personIn(req: Request): Person | undefined {
  const { client, profile } = authInfoOf(req);
  if (client !== undefined) return undefined;
  const user = (userOf(req) ?? {}) as Person;
  return profile !== undefined && !hasOne(user, Object.values(members).flat()) ? profile : user;
}

// An application that keeps the account only would refuse every user and not know why.
function hintFor(fault: keyof typeof members, person: Person | null | undefined): string | undefined {
  if (!person || hasOne(person, members[fault])) return undefined;
  const names = members[fault].map((member) => `"${member}"`).join(', ');
  return `the user has none of the members ${names}: the scope "essential" brings them, and the option "of" says where they are`;
}

function hasOne(person: Person, names: readonly (keyof Person)[]): boolean {
  return names.some((name) => person[name] !== undefined);
}
