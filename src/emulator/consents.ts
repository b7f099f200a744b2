const maxEntries = 10_000;

/** What each account has allowed each client, and asked not to be asked again. */
export class Consents {
  private readonly decisions = new Map<string, { asked: readonly string[]; granted: readonly string[] }>();

  /** The part of a scope that was granted; undefined where something of it was never asked about. */
  find(account: string, clientID: string, scope: readonly string[]): readonly string[] | undefined {
    const decision = this.decisions.get(keyOf(account, clientID));
    if (!decision || !scope.every((name) => decision.asked.includes(name))) return undefined;
    return scope.filter((name) => decision.granted.includes(name));
  }

  remember(account: string, clientID: string, asked: readonly string[], granted: readonly string[]): void {
    const [oldest] = this.decisions.keys();
    if (this.decisions.size >= maxEntries && oldest !== undefined) this.decisions.delete(oldest);
    this.decisions.set(keyOf(account, clientID), { asked, granted });
  }

  clear(): void {
    this.decisions.clear();
  }
}

function keyOf(account: string, clientID: string): string {
  return JSON.stringify([account, clientID]);
}
