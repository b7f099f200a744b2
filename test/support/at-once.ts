import type { TransactionStore } from 'passport-jaccount';

export interface AtOnce {
  /** What {@link AtOnce.store} makes of a store, it looks through: the same entries, the same answers. */
  store(inner: TransactionStore): TransactionStore;
  /** Fulfilled once so many callbacks were looked up. */
  reached: Promise<void>;
}

/**
 * Counts the callbacks that strategies have looked up in their stores. A provider that holds its answer until all have come
 * (`hold: () => atOnce.reached`) shows what becomes of those that are under way at the same time, without any timing.
 */
export function countCallbacks(count: number): AtOnce {
  let left = count;
  let all: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    all = resolve;
  });
  const one = () => {
    left--;
    if (left === 0) all();
  };
  const store = (inner: TransactionStore): TransactionStore => ({
    put: (req, transaction) => inner.put(req, transaction),
    take: async (req, handle) => {
      try {
        return await inner.take(req, handle);
      } finally {
        one();
      }
    },
    end: (req, transaction, account) => inner.end?.(req, transaction, account),
    // Where a login is known to have ended, the strategy does not take it.
    ended: (req) => {
      const ended = inner.ended?.(req) ?? [];
      if (ended.length > 0) one();
      return ended;
    },
    ...(inner.claim && { claim: inner.claim }),
  });
  return { store, reached };
}
