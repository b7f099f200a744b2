/** The measured values by the adapter's name: one per round, with the same rounds at the same index for all. */
export type Samples = ReadonlyMap<string, number[]>;

export function samplesFor(names: readonly string[]): Samples {
  return new Map(names.map((name) => [name, []]));
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  const place = part * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)] ?? Number.NaN, sorted[Math.ceil(place)] ?? Number.NaN];
  return below + (above - below) * (place - Math.floor(place));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The middle half of the values. */
export function spread(values: readonly number[], digits: number): string {
  return [0.25, 0.75].map((part) => quantile(values, part).toFixed(digits)).join('–');
}

/** Combines two adapters round by round, so that a drift of the machine affects both. */
export function pairwise(
  samples: Samples,
  [name, base]: readonly [string, string],
  combine: (value: number, other: number) => number,
): number[] {
  const others = samples.get(base) ?? [];
  return (samples.get(name) ?? []).map((value, round) => combine(value, others[round] ?? Number.NaN));
}

/** An order for each round: one at random, then the same backwards, so that no item gains by its place. */
export function* orders<Item>(items: readonly Item[]): Generator<Item[], never> {
  for (;;) {
    const order = shuffled(items);
    yield order;
    yield order.toReversed();
  }
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const drawn = items.map((item) => ({ item, lot: Math.random() }));
  return drawn.sort((one, other) => one.lot - other.lot).map(({ item }) => item);
}
