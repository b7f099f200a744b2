import type { Agent } from 'node:http';
import type { JaccountEndpoints } from '../jaccount/endpoints';
import { endpointParsers, GivenOptions, type Parsers } from '../options';
import type { Timeout } from '../protocol/http';
import { type ClientAuthMethod, clientAuthMethods } from '../protocol/token-endpoint';

/** What a {@link JaccountClient} takes. Only the first two have no default; an unknown name is refused. */
export interface JaccountClientOptions extends Partial<JaccountEndpoints> {
  /** The id that jAccount gave the application. */
  clientID: string;
  /** The secret that came with it. It signs ID Tokens too: whoever has it can sign in as anybody. */
  clientSecret: string;
  /** How the client authenticates at the token endpoint. @default 'client_secret_basic' */
  clientAuthMethod?: ClientAuthMethod;
  /** Seconds that this machine's clock and jAccount's may differ, 0 to 300. @default 60 */
  clockTolerance?: number;
  /** Milliseconds: for the first octet of an answer, and for a whole exchange. @default 5000 and 10000 */
  timeout?: Partial<Timeout>;
  /** An agent of your own, for a proxy or a private certificate authority. @default one that keeps sockets alive */
  agent?: Agent;
  /** Derives the mailbox that belongs to the account, for `profile.emails`. @default true */
  deriveEmail?: boolean;
  /**
   * Weakens the protection: hosts that may be reached by plain http, such as an emulator in another container, or a
   * redirect URI on a campus address without https. Codes and tokens travel there in the clear. @default none, only loopback
   */
  insecureHosts?: readonly string[];
}

/** The options, checked and complete. Its `clientSecret` does not show when it is printed. */
export interface ClientSettings extends JaccountEndpoints {
  readonly clientID: string;
  readonly clientSecret: string;
  readonly clientAuthMethod: ClientAuthMethod;
  readonly clockTolerance: number;
  readonly timeout: Timeout;
  readonly deriveEmail: boolean;
  readonly insecureHosts: readonly string[];
}

const parsers: Parsers<ClientSettings> = {
  ...endpointParsers,
  clientID: (given) => given.text('clientID'),
  clientSecret: (given) => given.clientSecret(),
  clientAuthMethod: (given) => given.oneOf('clientAuthMethod', clientAuthMethods),
  clockTolerance: (given) => given.number('clockTolerance', { default: 60, least: 0, most: 300 }),
  timeout: (given) => given.timeout({ response: 5000, deadline: 10_000 }),
  deriveEmail: (given) => given.boolean('deriveEmail', true),
  insecureHosts: (given) => given.insecureHosts(),
};

const synonyms = new Map([
  ['client_id', 'clientID'],
  ['client_secret', 'clientSecret'],
  ['authorizeURL', 'authorizationURL'],
  ['baseURL', 'apiURL'],
  ['callbackURL', 'the redirectURI of authorizationURL() and exchangeCode()'],
  ['redirectURI', 'the redirectURI of authorizationURL() and exchangeCode()'],
  ['scope', 'the scope of authorizationURL()'],
]);

/**
 * Checks options at the door, once. The agent comes apart from the rest: it is not for printing.
 *
 * @throws TypeError naming the option, never its value.
 */
export function parseClientOptions(options: unknown): { settings: ClientSettings; agent?: Agent } {
  const given = new GivenOptions('JaccountClient', options);
  given.assertKnown([...Object.keys(parsers), 'agent'], synonyms);
  const settings = given.parsed(parsers);
  Object.defineProperty(settings, 'clientSecret', { enumerable: false });
  return { settings: Object.freeze(settings), ...given.agent() };
}
