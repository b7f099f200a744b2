import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * Forks a file of TypeScript, sends it its setting, and waits for its first message. A child that ends before it
 * has said anything is an error, rather than a test that hangs.
 */
export async function forkWith<Message>(
  file: string,
  setting: object,
): Promise<{ child: ChildProcess; message: Message }> {
  const child = fork(file, { execArgv: ['--import', 'tsx'] });
  child.send(setting);
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${file} ended with ${signal ?? code} before it was ready`);
  });
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [Message];
  ended.catch(() => undefined);
  return { child, message };
}

/** Ends a process that this one started, at once and without a farewell. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
