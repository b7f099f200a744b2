/** The name of a scope that jAccount documents, and any other: an editor proposes the former. */
export type ScopeName = (typeof table)[number][0] | (string & {});

/** How an application may come by a scope: the grant types of RFC 6749, sections 4.1, 4.3 and 4.4. */
export type Grant = 'authorization_code' | 'client_credentials' | 'password';

/** One of jAccount's scopes. */
export interface Scope {
  name: string;
  /** Its value in jAccount's decimal form of a scope; `openid` has none. */
  bit?: number;
  grants: readonly Grant[];
}

const grantByLetter: Record<string, Grant> = {
  A: 'authorization_code',
  C: 'client_credentials',
  P: 'password',
};

/** The grants that a table names by their first letters. */
export function grantsOf(letters: string): readonly Grant[] {
  return Object.freeze([...letters].map((letter) => grantByLetter[letter] as Grant));
}

// Name, exponent of the bit, grants: the table of developer.sjtu.edu.cn/auth/oauth.html.
const table = [
  ['openid', undefined, 'A'],
  ['basic', 0, 'AC'],
  ['essential', 1, 'AC'],
  ['profile', 2, 'AC'],
  ['unicode', 3, 'AC'],
  ['tasks', 5, 'AC'],
  ['messages', 6, 'C'],
  ['notifications', 7, 'A'],
  ['privacy', 8, 'A'],
  ['introspect', 9, 'C'],
  ['read_apps', 10, 'C'],
  ['write_apps', 11, 'C'],
  ['exchange_data', 12, 'C'],
  ['signature', 17, 'AC'],
  ['manage_card', 20, 'A'],
  ['send_app_notification', 23, 'C'],
  ['send_notification', 25, 'P'],
  ['read_mails', 26, 'A'],
  ['send_mail', 27, 'AP'],
  ['storage', 29, 'CP'],
  ['modify_notification', 30, 'A'],
  ['lessons', 34, 'A'],
  ['classes', 35, 'A'],
  ['exams', 36, 'A'],
  ['scores', 37, 'A'],
  ['students_list', 38, 'A'],
  ['card_info', 39, 'AC'],
  ['card_transactions', 40, 'A'],
  ['write_card_info', 41, 'A'],
  ['income', 42, 'AC'],
  ['create_jaccount', 43, 'C'],
  ['edit_jaccount', 44, 'A'],
  ['net_service_info', 45, 'A'],
  ['connect_wechat', 46, 'A'],
  ['connect_shmec', 47, 'A'],
  ['print', 48, 'AC'],
  ['connect_finance', 49, 'C'],
  ['student_affairs', 50, 'C'],
  ['bus', 51, 'C'],
  ['calendar', 52, 'AC'],
] as const satisfies readonly (readonly [name: string, exponent: number | undefined, grants: string])[];

/** Every scope that jAccount documents, by name. Others may exist: a scope is never refused for not being here. */
export const scopes: ReadonlyMap<string, Readonly<Scope>> = new Map(
  table.map(([name, exponent, letters]) => [
    name,
    Object.freeze({
      name,
      // 2 ** n, for << would cut the bits above 31.
      ...(exponent === undefined ? {} : { bit: 2 ** exponent }),
      grants: grantsOf(letters),
    }),
  ]),
);

/** The scopes whose purpose is what the profile API tells. */
export const profileScopes: readonly string[] = Object.freeze(['basic', 'essential', 'profile', 'privacy']);
