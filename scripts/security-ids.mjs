// Which requirements of the security catalogue have no test that names them: `node scripts/security-ids.mjs`.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

// Prefix and last number of each family.
const families = {
  ...{ CB: 14, TX: 10, TK: 9, ID: 15, UI: 5, RF: 3, LO: 4, RS: 16, KS: 5, HT: 4, SE: 3, ER: 5, CF: 4 },
  ...{ CQ: 25, CK: 15, TR: 17, IT: 8, PR: 15, BH: 22, JK: 9, FI: 24, LD: 12 },
};

export const notApplicable = {
  'IT-08': 'timing is measured, not tested: the comparison is jose’s, by crypto.subtle.verify',
  'LD-10': 'an hour is no test: bench/load.ts and bench/emulator.ts look for growth in minutes',
};

export function untestedIds() {
  // A comment tests nothing.
  const text = testFiles()
    .map((file) => readFileSync(file, 'utf8').replace(/^ *\/\/.*$/gm, ''))
    .join('\n');
  const named = new Set([...text.matchAll(/\b[A-Z]{2}-\d{2}\b/g)].map(([id]) => id));
  return catalogue().filter((id) => !named.has(id) && !(id in notApplicable));
}

function catalogue() {
  return Object.entries(families).flatMap(([prefix, last]) =>
    Array.from({ length: last }, (_, index) => `${prefix}-${String(index + 1).padStart(2, '0')}`),
  );
}

function testFiles() {
  const tests = readdirSync(`${root}/test`, { recursive: true }).filter((file) => file.endsWith('.test.ts'));
  return [...tests.map((file) => `${root}/test/${file}`), `${root}/bench/load.ts`];
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const untested = untestedIds();
  console.log(untested.length === 0 ? 'every id has a test' : `without a test: ${untested.join(' ')}`);
  for (const [id, reason] of Object.entries(notApplicable)) console.log(`not applicable: ${id}, ${reason}`);
  process.exitCode = untested.length === 0 ? 0 : 1;
}
