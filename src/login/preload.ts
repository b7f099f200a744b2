import { loadSuperagent } from '../protocol/api';
import { loadJose } from '../protocol/jws';
import { asksProfile } from './finish';

/** Loads what the first login would otherwise wait for. If it cannot be loaded, the first login says so. */
export function preload(scope: readonly string[]): void {
  setImmediate(() => {
    if (scope.includes('openid')) loadJose().catch(() => undefined);
    if (asksProfile(scope)) preloadSuperagent();
  }).unref();
}

function preloadSuperagent(): void {
  try {
    loadSuperagent();
  } catch {
    // Told at first use.
  }
}
