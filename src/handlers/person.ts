import { ForbiddenError } from '../errors';
import { type Request, userOf } from '../frameworks';
import { identitiesInForce, type Person, type PersonIdentity } from '../profile/affiliation';
import type { GuardHandler } from '../request-handler';
import { guard, parseNeeded, tokenInfoOf } from './guard';

export interface RequirePersonOptions<Req = Request> {
  /**
   * Where your request holds the person. It gets what the framework hands to its own handlers: Express's request, Koa's
   * context, Fastify's request. Name the type of the parameter if it is not Express's.
   * @default the user who is signed in; if that has none of the members of a {@link Person}, the profile of the ID Token
   */
  of?: (req: Req) => Person | null | undefined;
}

export type RequiredOfPerson<Req, Name extends string = string> = [
  Name,
  ...(Name | RequirePersonOptions<Req>)[],
];

interface RequiredIdentity {
  door: string;
  names: readonly string[];
  options: { of?: (request: object) => Person | null | undefined };
}

export function parseRequired(door: string, needed: readonly unknown[]): RequiredIdentity {
  const parsed = parseNeeded<RequiredIdentity['options']>(
    door,
    needed,
    (name, value) => name === 'of' && typeof value === 'function',
  );
  return { door, ...parsed };
}

/** The members of a person that a guard reads. */
const members = {
  'user-type': ['userType', 'identities'],
  organization: ['organization', 'topOrganization', 'identities'],
} as const;

/** Lets a request through if one identity of the user that is in force is enough. */
export function requireIdentity(
  fault: keyof typeof members,
  { door, names, options: { of = personIn } }: RequiredIdentity,
  isEnough: (identity: PersonIdentity) => boolean,
): GuardHandler {
  return guard(door, (request) => {
    const person = of(request);
    if (!person || !identitiesInForce(person).some(isEnough))
      throw new ForbiddenError(fault, names, { hint: hintFor(fault, person) });
  });
}

// A token that speaks for a client is no person.
function personIn(request: object): Person | undefined {
  const { client, profile } = tokenInfoOf(request);
  if (client !== undefined) return undefined;
  const user = (userOf(request) ?? {}) as Person;
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
