/** Makes a value when it is first wanted, and once: whoever waits meanwhile shares it. A failure is not kept. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/** Runs one `make` at a time for each key: whoever asks meanwhile shares it. Nothing is kept once it has ended. */
export function oncePerKey<T>(): (key: string, make: () => Promise<T>) => Promise<T> {
  const running = new Map<string, Promise<T>>();
  return (key, make) => {
    const shared = running.get(key) ?? make().finally(() => running.delete(key));
    running.set(key, shared);
    return shared;
  };
}
