export type { Account } from './accounts';
export { type Emulator, type EmulatorOptions, type LoggedRequest, startEmulator } from './emulator';
export type { EmulatedClient } from './guards';
