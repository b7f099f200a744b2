import { forkWith, kill } from './child';
import type { MachineSetting } from './machine-application';

export type { MachineSetting } from './machine-application';

export interface Machine {
  url: string;
  pid: number;
  /** As by a power cut. */
  kill(): Promise<void>;
}

/** Starts the application of the tests in a process of its own. */
export async function startMachine(setting: MachineSetting): Promise<Machine> {
  const { child, message } = await forkWith<{ url: string }>(`${__dirname}/machine-application.ts`, setting);
  return { url: message.url, pid: child.pid as number, kill: () => kill(child) };
}
