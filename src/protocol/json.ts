const maxDepth = 128;

/**
 * The value in the UTF-8 octets of a JSON text. Nesting has a bound: what JSON.parse takes can still overflow the stack
 * of whoever walks it afterwards, JSON.stringify included.
 *
 * @throws SyntaxError, whose message may repeat the text: it must not travel on.
 * @see RFC 8259
 */
export function parseJson(octets: Uint8Array): unknown {
  const text = decodeUtf8(octets);
  if (!isShallow(text)) throw new SyntaxError('JSON is nested too deep');
  return JSON.parse(text);
}

function decodeUtf8(octets: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    throw new SyntaxError('JSON is not in UTF-8');
  }
}

function isShallow(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (inString) {
      if (character === '\\') index++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '[' || character === '{') depth++;
    else if (character === ']' || character === '}') depth--;
    if (depth > maxDepth) return false;
  }
  return true;
}
