import { type Exchange, sessionCookie } from '../http/exchange';
import { optional } from '../http/form';
import { loginPage } from '../pages/login';
import { sameSecret } from '../state/clients';
import type { Emulation } from '../state/emulation';
import { localReturn } from './authorize';

type Problem = 'unknown-account' | 'wrong-password';

/** `GET /jaccount/jalogin`: the login page. */
export function showLogin(emulation: Emulation, exchange: Exchange): void {
  exchange.html(pageFor(emulation, exchange, exchange.query));
}

/** `POST /jaccount/ulogin`: opens the single sign-on session. Only who was given a password needs one. */
export async function login(emulation: Emulation, exchange: Exchange): Promise<void> {
  const { directory, grants, behaviour } = emulation;
  exchange.assertSameOrigin();
  const form = await exchange.readForm();
  const typed = (optional(form, 'account') ?? '').trim();
  const account = directory.find(typed);
  const problem = problemWith(account?.password, optional(form, 'password'));
  if (!account || problem) {
    return exchange.html(
      pageFor(emulation, exchange, form, { problem: account ? problem : 'unknown-account', typed }),
      400,
    );
  }
  directory.signIn(account.account);
  const spelled = behaviour.accountCase === 'typed' ? typed : account.account;
  exchange.setCookie(sessionCookie, grants.openSession(spelled));
  exchange.redirect(localReturn(form), 303);
}

function problemWith(password: string | undefined, given = ''): Problem | undefined {
  return password === undefined || sameSecret(password, given) ? undefined : 'wrong-password';
}

function pageFor(
  { directory }: Emulation,
  { language }: Exchange,
  parameters: URLSearchParams,
  attempt: { problem?: Problem | undefined; typed?: string } = {},
): string {
  const returl = localReturn(parameters);
  const clientID = new URL(returl, 'http://localhost').searchParams.get('client_id');
  return loginPage({
    language,
    people: directory.all,
    returl,
    ...(clientID !== null && { clientID }),
    ...(attempt.problem && { problem: attempt.problem }),
    ...(attempt.typed !== undefined && { typed: attempt.typed }),
  });
}
