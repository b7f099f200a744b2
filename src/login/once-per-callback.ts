import { StateError } from '../errors';
import { type Transaction, transactionLifetime } from './transaction';

const maxSpent = 2000;

/** A callback, for all requests that come with it while it is answered. */
export class Callback<Outcome> {
  private outcome: Promise<Outcome> | undefined;

  constructor(
    readonly transaction: Transaction,
    private readonly isSpent: boolean,
    private readonly ended: () => void,
  ) {}

  /** Whether another request is answering it. */
  get isAnswered(): boolean {
    return this.outcome !== undefined;
  }

  /**
   * Answers it, or shares the outcome of the request that is answering it already. It rejects with a {@link StateError}
   * where that was done before.
   */
  answer(make: () => Promise<Outcome>): Promise<Outcome> {
    const used = () => Promise.reject(new StateError('used'));
    this.outcome ??= (this.isSpent ? used() : make()).finally(this.ended);
    return this.outcome;
  }
}

/**
 * Lets each callback send its code once: a request that comes with the same callback meanwhile shares the outcome. A double
 * click or a reload would otherwise send a code twice, and a provider may revoke what it gave for the first.
 *
 * @see [RFC 6749, section 4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)
 */
export class OncePerCallback<Outcome> {
  private readonly open = new Map<string, Callback<Outcome>>();
  // The requests that look for a callback, by its handle: one after the other. A store may show a second one that the login
  // was taken before the first one hears of it.
  private readonly turns = new Map<string, Promise<unknown>>();
  // When each handle was spent: a store may give one back again, because a cookie came twice or a session was overwritten.
  private readonly spent = new Map<string, number>();

  /** Finds a callback by `take`, which gets to know the transaction if another request is answering the callback. */
  async find(
    handle: string,
    take: (answering?: Transaction) => Promise<Transaction | undefined>,
  ): Promise<Callback<Outcome> | undefined> {
    const find = async () => {
      const transaction = await take(this.open.get(handle)?.transaction);
      return transaction && this.opened(transaction);
    };
    const turn = this.turns.get(handle)?.then(find, find) ?? find();
    this.turns.set(handle, turn);
    try {
      return await turn;
    } finally {
      if (this.turns.get(handle) === turn) this.turns.delete(handle);
    }
  }

  /** Whether the callback was answered here lately. */
  isSpent(handle: string): boolean {
    return this.spent.has(handle);
  }

  private opened(transaction: Transaction): Callback<Outcome> {
    const { handle } = transaction;
    const known = this.open.get(handle);
    if (known) return known;
    const callback = new Callback<Outcome>(transaction, this.isSpent(handle), () => {
      this.open.delete(handle);
      this.remember(handle);
    });
    this.open.set(handle, callback);
    return callback;
  }

  private remember(handle: string): void {
    const now = Date.now();
    this.spent.set(handle, now);
    for (const [oldest, since] of this.spent) {
      if (this.spent.size <= maxSpent && now - since < transactionLifetime) break;
      this.spent.delete(oldest);
    }
  }
}
