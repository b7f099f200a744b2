interface Expiring<T> {
  value: T;
  /** Seconds since the epoch. */
  expires: number;
}

const maxEntries = 10_000;

// Seconds for which an expired value is still known to have expired.
const mourning = 3600;

/** Values that are found until they expire. Memory has a bound: the dead go when others come, then the oldest. */
export class ExpiringMap<T> {
  private readonly entries = new Map<string, Expiring<T>>();

  constructor(private readonly now: () => number) {}

  /** `lifetime` in seconds. */
  set(key: string, value: T, lifetime: number): void {
    this.entries.delete(key);
    for (const [old, { expires }] of this.entries) {
      if (this.entries.size < maxEntries && expires + mourning > this.now()) break;
      this.entries.delete(old);
    }
    this.entries.set(key, { value, expires: this.now() + lifetime });
  }

  get(key: string): T | undefined {
    const entry = this.entries.get(key);
    return entry && entry.expires > this.now() ? entry.value : undefined;
  }

  hasExpired(key: string): boolean {
    const entry = this.entries.get(key);
    return entry !== undefined && entry.expires <= this.now();
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }
}
