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

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeUtf8(octets: Uint8Array): string {
  try {
    return utf8.decode(octets);
  } catch {
    throw new SyntaxError('JSON is not in UTF-8');
  }
}

function isShallow(text: string): boolean {
  if (countOf('{', text) + countOf('[', text) <= maxDepth) return true;
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (inString) {
      if (character === backslash) index++;
      else if (character === quote) inString = false;
    } else if (character === quote) inString = true;
    else if (character === bracket || character === brace) depth++;
    else if (character === closingBracket || character === closingBrace) depth--;
    if (depth > maxDepth) return false;
  }
  return true;
}

const [backslash, quote, bracket, brace, closingBracket, closingBrace] = Buffer.from('\\"[{]}');

// At most one more than the depth.
function countOf(character: string, text: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0 && count <= maxDepth; at = text.indexOf(character, at + 1))
    count++;
  return count;
}
