import { accountKey } from './directory';

const maxEntries = 10_000;

/** What each account has allowed each client, and asked not to be asked again. */
export class Consents {
  private readonly decisions = new Map<string, ReadonlyMap<string, boolean>>();

  /** The part of a scope that was granted; undefined where none was, or something of it was never asked about. */
  find(account: string, clientID: string, scope: readonly string[]): readonly string[] | undefined {
    const decision = this.decisions.get(keyOf(account, clientID));
    if (!decision || !scope.every((name) => decision.has(name))) return undefined;
    const granted = scope.filter((name) => decision.get(name));
    return granted.length > 0 ? granted : undefined;
  }

  remember(account: string, clientID: string, asked: readonly string[], granted: readonly string[]): void {
    const key = keyOf(account, clientID);
    const earlier = this.decisions.get(key) ?? [];
    const now = asked.map((name): [string, boolean] => [name, granted.includes(name)]);
    this.decisions.delete(key);
    const [oldest] = this.decisions.keys();
    if (this.decisions.size >= maxEntries && oldest !== undefined) this.decisions.delete(oldest);
    this.decisions.set(key, new Map([...earlier, ...now]));
  }

  clear(): void {
    this.decisions.clear();
  }
}

function keyOf(account: string, clientID: string): string {
  return JSON.stringify([accountKey(account), clientID]);
}
