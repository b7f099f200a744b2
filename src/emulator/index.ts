export type { Account } from './accounts';
export type { ApiTokenAlgorithm } from './api-token';
export { type Behaviour, behaviours } from './behaviour';
export type { EmulatedClient } from './clients';
export { type Emulator, startEmulator } from './emulator';
export type { Fault, FaultPoint } from './faults';
export type { EmulatorOptions } from './options';
export type { LoggedRequest } from './request-log';
