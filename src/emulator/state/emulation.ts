import type { JaccountEndpoints } from '../../jaccount/endpoints';
import type { ApiKeys } from '../oauth/api-token';
import type { Behaviour } from './behaviour';
import type { EmulatedClient } from './clients';
import type { Consents } from './consents';
import type { Directory } from './directory';
import type { Faults } from './faults';
import type { Grants } from './grants';
import type { RequestLog } from './request-log';

/** What the endpoints of one emulator share. */
export interface Emulation {
  readonly url: string;
  readonly endpoints: JaccountEndpoints;
  readonly clients: ReadonlyMap<string, EmulatedClient>;
  readonly directory: Directory;
  readonly grants: Grants;
  readonly consents: Consents;
  readonly faults: Faults;
  readonly keys: ApiKeys;
  readonly log: RequestLog;
  behaviour: Readonly<Behaviour>;
  /** What `reset` goes back to. */
  readonly initialBehaviour: Readonly<Behaviour>;
  /** Seconds that this clock is ahead. */
  skew: number;
  /** The claims of the ID Token that was issued last, for people to look at. */
  lastIdToken: { header: object; claims: object } | undefined;
  /** Where the certificate authority's certificate is, with TLS. */
  readonly caFile: string | undefined;
  /** Seconds since the epoch, by the clock that codes and tokens expire by. */
  now(): number;
}
