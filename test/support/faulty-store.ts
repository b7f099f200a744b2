import type session from 'express-session';
import { MemoryStore } from 'express-session';

/** Counts from which call on a method of a {@link FaultyStore} fails. */
export type Broken = Partial<Record<'get' | 'set' | 'destroy', number>>;
type Done = (error?: unknown, ...values: any[]) => void;

/** A store of express-session that fails on demand and whose content can be changed. */
export class FaultyStore extends MemoryStore {
  broken: Broken = {};
  private meeting: { count: number; loads: (() => void)[] } | undefined;
  private readonly kept = (this as unknown as { sessions: Record<string, string> }).sessions;

  contents(): object[] {
    return Object.values(this.kept).map((text) => JSON.parse(text));
  }

  edit(change: (kept: any) => unknown): void {
    for (const [id, text] of Object.entries(this.kept)) {
      const value = JSON.parse(text);
      change(value);
      this.kept[id] = JSON.stringify(value);
    }
  }

  /** The next so many requests that load a session have all loaded it before one of them goes on. */
  meet(count: number): void {
    this.meeting = { count, loads: [] };
  }

  override get(id: string, done: Done): void {
    if (this.fails('get')) return void setImmediate(done, new Error('the store is gone'));
    if (!this.meeting) return super.get(id, done);
    const { count, loads } = this.meeting;
    loads.push(() => super.get(id, done));
    if (loads.length < count) return;
    this.meeting = undefined;
    for (const load of loads) load();
  }

  override set(id: string, value: session.SessionData, done: Done): void {
    this.fails('set') ? setImmediate(done, new Error('the store is gone')) : super.set(id, value, done);
  }

  override destroy(id: string, done: Done): void {
    this.fails('destroy') ? setImmediate(done, new Error('the store is gone')) : super.destroy(id, done);
  }

  private fails(method: keyof Broken): boolean {
    const left = this.broken[method];
    if (left === undefined) return false;
    this.broken[method] = left - 1;
    return left <= 1;
  }
}
