import { acceptsHttp } from './insecure-hosts';
import { emulatorClient, type JaccountEndpoints } from './jaccount/endpoints';

// Secrets that stand in documents, and the words that stand where a secret was forgotten.
const wellKnownSecrets = new Set([
  'your-256-bit-secret',
  'your-384-bit-secret',
  'your-512-bit-secret',
  'a-string-secret-at-least-256-bits-long',
  'your-client-secret',
  'your_client_secret',
  'client_secret',
  'clientsecret',
  'gx1fbat3bv',
  '7fjfp0zbr1ktdrbnfvdmiw',
  'undefined',
  'null',
  'changeme',
  'secret',
  'password',
  'xxx',
]);

/** Why a client secret cannot be one, as the end of a sentence; undefined where nothing is known against it. */
export function weaknessOf(
  clientSecret: string,
  endpoints: Partial<JaccountEndpoints>,
  insecureHosts: readonly string[],
): string | undefined {
  if (wellKnownSecrets.has(clientSecret.toLowerCase())) return 'is a placeholder that everybody knows';
  const local = Object.values(endpoints).every((url) => acceptsHttp(new URL(url), insecureHosts));
  if (clientSecret === emulatorClient.clientSecret && !local) {
    return "is the emulator's, which everybody knows: it is accepted with endpoints on loopback, or on hosts that the option insecureHosts names";
  }
  return undefined;
}

let warned = false;

/** Warns, once in a process, of a secret that can be guessed from one ID Token. @see RFC 7518, section 3.2 */
export function warnOfShortSecret(clientSecret: string): void {
  if (warned || Buffer.byteLength(clientSecret) >= 32) return;
  warned = true;
  process.emitWarning(
    'The clientSecret is shorter than 32 octets: whoever holds an ID Token can guess it. Ask jAccount for a longer one.',
    { code: 'PASSPORT_JACCOUNT_SHORT_SECRET' },
  );
}
