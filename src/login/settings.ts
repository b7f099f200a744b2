import type { Agent } from 'node:http';
import type { JaccountEndpoints } from '../jaccount/endpoints';
import type { Timeout } from '../protocol/http';
import type { ClientAuthMethod } from '../protocol/token-endpoint';
import type { TransactionStore } from './transaction';

/** What a login needs to know of its configuration, whichever door it comes in by: checked and complete. */
export interface LoginSettings extends JaccountEndpoints {
  /** The name of the strategy. */
  readonly name: string;
  readonly clientID: string;
  readonly clientSecret: string;
  /** One for all requests, or several, of which the host of a request chooses one. */
  readonly callbackURL: string | readonly string[];
  readonly pkce: boolean;
  readonly clientAuthMethod: ClientAuthMethod;
  readonly transactions: TransactionStore;
  /** Seconds. */
  readonly clockTolerance: number;
  readonly allowMissingNonce: boolean;
  readonly timeout: Timeout;
  readonly agent: Agent | undefined;
  readonly deriveEmail: boolean;
  readonly skipUserProfile: boolean;
  readonly insecureHosts: readonly string[];
}
