import type { GivenOptions } from '../options';

/** What passport-oauth2 and its children have as an option, and this strategy does in any case. */
export const alwaysDone = ['state', 'store', 'proxy', 'scopeSeparator'] as const;
export type AlwaysDone = (typeof alwaysDone)[number];

const accepted: Record<AlwaysDone, (value: unknown) => boolean> = {
  state: (value) => value === true,
  store: (value) => value === true,
  proxy: (value) => typeof value === 'boolean',
  scopeSeparator: (value) => value === ' ',
};

const advice: Record<AlwaysDone, string> = {
  state: 'is always on, and made afresh for each login: remove it; what must come back is appState',
  store:
    'is not taken, because a login has more to keep than a state: give a TransactionStore as transactions',
  proxy: 'must be true or false, and has no effect, because callbackURL is absolute: remove it',
  scopeSeparator: 'is always a space: write scope as an array, or with spaces',
};

/**
 * Accepts options that ask for what is done in any case, and refuses those that ask for the contrary.
 *
 * @throws TypeError naming the option, and what to write instead.
 */
export function assertAlwaysDone(given: GivenOptions): void {
  for (const name of alwaysDone)
    if (given.has(name) && !accepted[name](given.value(name))) given.refuse(name, advice[name]);
}

/** What other packages call an option, and what it is called here. */
export const synonyms: ReadonlyMap<string, string> = new Map([
  ['redirectURI', 'callbackURL'],
  ['redirectUri', 'callbackURL'],
  ['redirect_uri', 'callbackURL'],
  ['callbackURLs', 'callbackURL, which may be an array'],
  ['client_id', 'clientID'],
  ['client_secret', 'clientSecret'],
  ['authorizeURL', 'authorizationURL'],
  ['profileURL', 'apiURL'],
  ['userProfileURL', 'apiURL'],
  ['userInfoURL', 'apiURL'],
  ['sessionKey', 'transactions: new SessionTransactions({ key })'],
  ['httpsAgent', 'agent'],
]);

/** Parameters of the authorization request that people look for among the options. */
export const authorizationParameters: readonly string[] = [
  ...['prompt', 'display', 'max_age', 'maxAge', 'login_hint', 'loginHint', 'ui_locales', 'uiLocales'],
  ...['acr_values', 'acrValues', 'id_token_hint', 'idTokenHint'],
];

const perLogin = (option: string) => `belongs to one login: passport.authenticate('jaccount', { ${option} })`;

/** What to do about options of other packages that have no counterpart among ours. */
export const instead: ReadonlyMap<string, string> = new Map([
  [
    'customHeaders',
    'has no counterpart, because a token request has the headers of RFC 6749 only: remove it',
  ],
  ['trustProxy', 'has no counterpart, because callbackURL is absolute: remove it'],
  ['nonce', 'has no counterpart, because each login gets a fresh one: remove it'],
  ['returnTo', perLogin('returnTo')],
  ['appState', perLogin('appState')],
  ['authorizationParams', perLogin('authorizationParams')],
  ...authorizationParameters.map((name): [string, string] => [
    name,
    perLogin(`authorizationParams: { ${wireNameOf(name)}: … }`),
  ]),
]);

/** The name on the wire: `maxAge` is `max_age`. */
export function wireNameOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
