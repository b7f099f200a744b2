// The emulator in a process of its own, so that its memory is its own and not that of its clients.
import { startEmulator } from 'passport-jaccount/emulator';

export interface Report {
  /** Octets, what is garbage taken out. */
  heapUsed: number;
  rss: number;
  /** How many requests the log holds. */
  log: number;
}

async function main(): Promise<void> {
  const emulator = await startEmulator();
  const { url, endpoints, client } = emulator;
  process.on('message', () => {
    globalThis.gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    process.send?.({ heapUsed, rss, log: emulator.requests.length } satisfies Report);
  });
  process.send?.({ url, endpoints, client });
}

void main();
