import type { Request, RequestHandler } from 'express';
import { ForbiddenError, type ForbiddenFault } from '../errors';
import { authInfoOf, guard, parseNeeded } from './guard';

/** What is looked at of a person: the members of a {@link JaccountProfile} that say what somebody is at SJTU. */
export interface Person {
  userType?: string | undefined;
  organization?: { id: string } | undefined;
  topOrganization?: { id: string } | undefined;
  identities?: readonly PersonIdentity[] | undefined;
}

/** One of a person's roles. It counts while its `status` is 正常 and its `expireDate`, if it has one, is not past. */
export interface PersonIdentity {
  userType?: string | undefined;
  organization?: { id: string } | undefined;
  topOrganization?: { id: string } | undefined;
  status?: string | undefined;
  /** `yyyy-mm-dd` */
  expireDate?: string | undefined;
}

export interface RequirePersonOptions {
  /**
   * Where your request holds the person.
   * @default `req.user`; where that says nothing about it, the profile of the ID Token
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

/** Lets those through of whom one role is enough: the one the account stands for by default, or another in force. */
export function requireRole(
  fault: ForbiddenFault,
  { names, options: { of = personIn } }: ReturnType<typeof parseRequired>,
  isEnough: (role: PersonIdentity) => boolean,
): RequestHandler {
  return guard((req) => {
    const person = of(req);
    const roles = person ? [person, ...identitiesOf(person).filter(isInForce)] : [];
    if (!roles.some(isEnough)) throw new ForbiddenError(fault, names);
  });
}

function personIn(req: Request): Person | undefined {
  const { client, profile } = authInfoOf(req);
  if (client !== undefined) return undefined;
  const user = (req.user ?? {}) as Person;
  return isTold(user) ? user : profile;
}

function isTold({ userType, organization, topOrganization, identities }: Person): boolean {
  return [userType, organization, topOrganization, identities].some((member) => member !== undefined);
}

function identitiesOf({ identities }: Person): readonly PersonIdentity[] {
  return Array.isArray(identities) ? identities : [];
}

function isInForce({ status, expireDate }: PersonIdentity): boolean {
  return status === '正常' && (expireDate === undefined || expireDate >= today());
}

// The date in Shanghai, which is UTC+8 all year.
function today(): string {
  return new Date(Date.now() + 8 * 60 * 60 * 1000).toISOString().slice(0, 10);
}
