export { type Emulator, startEmulator } from './emulator';
export type { ApiTokenAlgorithm } from './oauth/api-token';
export type { EmulatorOptions } from './options';
export type { Account } from './state/accounts';
export { type Behaviour, behaviours } from './state/behaviour';
export type { EmulatedClient } from './state/clients';
export type { Fault, FaultPoint } from './state/faults';
export type { LoggedRequest } from './state/request-log';
