/** The known name that a name is probably a typing slip of: one character more, less or different, or two swapped. */
export function slipOf(name: string, known: readonly string[]): string | undefined {
  return known.find((one) => isSlipOf(name.toLowerCase(), one.toLowerCase()));
}

const warned = new Set<string>();

/**
 * Warns, once for each known name, if a name is probably a typing slip of that one. An unknown name is no error, because
 * jAccount adds new scopes and user types.
 */
export function warnOfSlip(place: string, name: string, known: readonly string[]): void {
  const meant = known.includes(name) ? undefined : slipOf(name, known);
  if (meant === undefined || warned.has(meant)) return;
  warned.add(meant);
  process.emitWarning(`${place}: jAccount does not document "${name}"; do you mean "${meant}"?`, {
    code: 'PASSPORT_JACCOUNT_TYPING_SLIP',
  });
}

// Shorter names are too close to each other: "fs" differs from "js" by one letter.
const minLength = 4;

function isSlipOf(name: string, known: string): boolean {
  if (name === known) return true;
  const [rest, knownRest] = withoutSharedEnds(name, known);
  const isOneCharacter = rest.length <= 1 && knownRest.length <= 1;
  const isSwapped = rest.length === 2 && rest === [...knownRest].reverse().join('');
  return known.length >= minLength && (isOneCharacter || isSwapped);
}

function withoutSharedEnds(one: string, other: string): [string, string] {
  const shortest = Math.min(one.length, other.length);
  let start = 0;
  while (start < shortest && one[start] === other[start]) start++;
  let end = 0;
  while (end < shortest - start && one.at(-1 - end) === other.at(-1 - end)) end++;
  return [one.slice(start, one.length - end), other.slice(start, other.length - end)];
}
