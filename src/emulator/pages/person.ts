import type { UserTypeGroup } from '../../jaccount/user-types';
import type { Language } from '../http/exchange';
import { html, type Markup } from '../http/html';
import { type Account, userTypeOf } from '../state/accounts';

/** The groups of user types, in the order of their filter. */
export const groups = ['student', 'staff', 'alumni', 'guest', 'collective', 'other'] as const;

export function groupOf({ userType }: Account): UserTypeGroup | 'other' {
  return userTypeOf(userType)?.group ?? 'other';
}

/** A circle with the first character of a name: decoration. */
export function face(account: Account): Markup {
  // A mark that turns the writing around has no face.
  const [first] = nameOf(account).replace(/[^\p{L}\p{N}]/gu, '');
  return html`<span class="face ${groupOf(account)}" aria-hidden="true">${first}</span>`;
}

/** Nobody has an empty name on a page. */
export function nameOf({ name, account }: Account): string {
  return name || account;
}

export function typeNameOf({ userType }: Account, language: Language): string | undefined {
  return userTypeOf(userType)?.name[language] ?? userType;
}
