import type { Provider } from './provider';
import type { Visit } from './user-agent';

/**
 * Makes requests at once, of which the provider answers the token request only after another one was answered. It gives up
 * waiting when a second token request comes, so that a test fails rather than hangs.
 */
export async function answerLast(provider: Provider, requests: (() => Promise<Visit>)[]): Promise<Visit[]> {
  const before = provider.tokenRequests.length;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  provider.script.hold = async () => {
    if (provider.tokenRequests.length > before + 1) release();
    await released;
  };
  const visits = requests.map((request) => request());
  for (const visit of visits) void visit.finally(release);
  const ends = await Promise.all(visits);
  delete provider.script.hold;
  return ends;
}
