import { type Transaction, transactionLifetime } from './transaction';

const maxSessions = 1000;

interface Renewal {
  since: number;
  /** The ids of the new sessions: two callbacks may each renew the old one. */
  current: Set<string>;
  /** The logins that began in the old session after it was read for the last time. */
  late: Transaction[];
}

/**
 * The sessions to which Passport gave a new id lately, because somebody signed in.
 *
 * Another tab may have loaded the old session before, and begin its login in it afterwards. Nothing leads from the old
 * session to the new one, so on one machine this memory does.
 */
export class RenewedSessions {
  private readonly renewals = new Map<string, Renewal>();

  /** From now on, what is kept in the session `oldId` is late. */
  begin(oldId: string): void {
    this.keep(oldId, this.renewals.get(oldId) ?? { since: Date.now(), current: new Set(), late: [] });
  }

  /** The session is called `newId` now. */
  finish(oldId: string, newId: string): void {
    const renewal = this.renewals.get(oldId);
    if (!renewal) return;
    renewal.current.add(newId);
    this.keep(newId, renewal);
  }

  /** Whether another session has taken the place of this one. */
  isOld(id: string): boolean {
    const renewal = this.renewals.get(id);
    return renewal !== undefined && !renewal.current.has(id);
  }

  /** Remembers a login that began in a session, if it was late. */
  add(id: string, transaction: Transaction): void {
    if (this.isOld(id)) this.renewals.get(id)?.late.push(transaction);
  }

  /** Gives back the late login with this handle, and forgets it. The browser may not know yet that its session is new. */
  take(id: string, handle: string): Transaction | undefined {
    const renewal = this.renewals.get(id);
    if (!renewal) return undefined;
    const found = renewal.late.find((transaction) => transaction.handle === handle);
    renewal.late = renewal.late.filter((transaction) => transaction !== found);
    return found;
  }

  private keep(id: string, renewal: Renewal): void {
    this.renewals.set(id, renewal);
    for (const [oldest, { since }] of this.renewals) {
      if (this.renewals.size <= maxSessions && Date.now() - since < transactionLifetime) break;
      this.renewals.delete(oldest);
    }
  }
}
