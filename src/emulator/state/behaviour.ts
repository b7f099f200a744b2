/**
 * What is not known of jAccount, or is known to vary: each switch with its values, the default first. A client that
 * works with every value of a switch need not care which one is true.
 *
 * - `idToken`: an ID Token with the scope `openid` alone, as documented; with every scope, as clients see it; or never.
 * - `nonce`: comes back in the ID Token, or not.
 * - `tokenType`: `Bearer`, or with the spaces around it that the documentation prints.
 * - `expiresIn`: the number 1800, the number 1799, or the string "1800".
 * - `refresh`: new access and refresh tokens; a new access token and the same refresh token; a new access token and no
 *   word of the refresh token, which stays; or the same access token, its life renewed.
 * - `apiErrorStatus`: the HTTP status beside an `errno` that is not 0.
 * - `profile`: in the envelope, or bare as in one sample of the documentation.
 * - `envelopeError`: what `error` says on success. `envelopeTotal`: what `total` says where it counts nothing.
 * - `birthday`: an object of strings, or milliseconds.
 * - `accountCase`: the ID Token names an account as it was registered, or as it was typed at this login.
 * - `consent`: no question, a question at the first login with a client, or at each.
 * - `sso`: a second login is silent, or asks who again.
 * - `redirectURI`: as registered, or any.
 * - `pkce`: a code challenge must be answered, or is not looked at.
 * - `implicit`: `response_type=id_token` is refused, answered with JSON as documented, or in the fragment.
 * - `logoutClient`: logout does without `client_id`, or demands it. `logoutState`: comes back clean, or behind a stray
 *   `?` and `&`.
 * - `maintenance`: every endpoint answers 503 with HTML.
 */
export const behaviours = {
  idToken: ['openid', 'always', 'never'],
  nonce: ['echoed', 'omitted'],
  tokenType: ['plain', 'spaced'],
  expiresIn: ['1800', '1799', 'string'],
  refresh: ['rotated', 'kept', 'unmentioned', 'renewed'],
  apiErrorStatus: ['403', '200'],
  profile: ['enveloped', 'bare'],
  envelopeError: ['success', 'Succeed.', 'null'],
  envelopeTotal: ['0', '1', 'string'],
  birthday: ['object', 'number'],
  accountCase: ['registered', 'typed'],
  consent: ['never', 'first', 'always'],
  sso: ['kept', 'forgotten'],
  redirectURI: ['registered', 'any'],
  pkce: ['honoured', 'ignored'],
  implicit: ['refused', 'json', 'fragment'],
  logoutClient: ['optional', 'required'],
  logoutState: ['clean', 'malformed'],
  maintenance: ['off', 'on'],
} as const;

export type BehaviourName = keyof typeof behaviours;

/** One value for each switch. */
export type Behaviour = { [Name in BehaviourName]: (typeof behaviours)[Name][number] };

export const defaultBehaviour = Object.freeze(
  Object.fromEntries(Object.entries(behaviours).map(([name, [first]]) => [name, first])),
) as Readonly<Behaviour>;

/**
 * Checks switches that come from outside.
 *
 * @throws TypeError naming the switch and the values it has.
 */
export function parseBehaviour(given: Readonly<Record<string, unknown>>): Partial<Behaviour> {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(behaviours, name)) {
      throw new TypeError(`behaviour: "${name}" is unknown; there are ${Object.keys(behaviours).join(', ')}`);
    }
    const values: readonly unknown[] = behaviours[name as BehaviourName];
    if (!values.includes(value)) throw new TypeError(`behaviour: ${name} is one of ${values.join(', ')}`);
  }
  return given as Partial<Behaviour>;
}
