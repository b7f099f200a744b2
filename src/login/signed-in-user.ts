import { identityOf } from '../frameworks';
import { digestOf } from './transaction';

/**
 * A digest of who is signed in; undefined when no user is signed in.
 *
 * @throws TypeError for a user object that looks the same for every user.
 */
export function signedInUser(req: object): string | undefined {
  const identity = identityOf(req);
  if (identity === undefined) return undefined;
  const text = canonicalJson(identity);
  if (!['{}', '[]', 'true'].includes(text)) return digestOf(text);
  throw new TypeError(
    'JaccountStrategy cannot tell the signed-in user from others: give the user object an id, ' +
      'or serialize it with passport.serializeUser()',
  );
}

// PostgreSQL's jsonb gives the members of an object back in another order.
function canonicalJson(value: unknown): string {
  const asText = (part: unknown) => JSON.stringify(part, (_name, member) => canonical(member));
  try {
    return asText(value) ?? String(value);
  } catch {
    // A user object that holds itself, as some database libraries make them: its plain members tell it from others.
    return asText(entriesOf(value as object).filter(([, member]) => Object(member) !== member));
  }
}

function canonical(member: unknown): unknown {
  if (typeof member === 'bigint') return String(member);
  if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
  return Object.fromEntries(entriesOf(member));
}

function entriesOf(value: object): [string, unknown][] {
  return Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
}
