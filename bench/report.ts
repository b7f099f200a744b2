import { cpus, loadavg } from 'node:os';
import { median, pairwise, quantile, type Samples, spread } from './statistics';

export function printMachine(): void {
  const [cpu] = cpus();
  console.log(`Node ${process.version}; ${cpus().length} × ${cpu?.model.trim()}`);
  printLoad('at the start');
}

/** A machine that does other work too gives other numbers. */
export function printLoad(when: string): void {
  const loads = loadavg().map((load) => load.toFixed(2));
  console.log(`load average ${when} (1, 5 and 15 minutes): ${loads.join(' ')}`);
}

export function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A table of what was measured and of its ratios to `bases`, then each ratio on a line. */
export function printRatios(title: string, samples: Samples, bases: readonly string[]): void {
  console.log(`\n${title}`);
  const names = [...samples.keys()];
  console.table(Object.fromEntries(names.map((name) => [name, rowOf(samples, name, bases)])));
  for (const base of bases) {
    for (const name of names) {
      if (name === base) continue;
      console.log(`${title}: ${name} ÷ ${base}: ${ratioText(samples, name, base)}`);
    }
  }
}

// The 10th percentiles are those of the rounds that the machine disturbed least.
function ratioText(samples: Samples, name: string, base: string): string {
  const ratios = pairwise(samples, [name, base], ratio);
  const [low = 0, lowBase = 0] = [name, base].map((each) => quantile(samples.get(each) ?? [], 0.1));
  return `${median(ratios).toFixed(2)} (${spread(ratios, 2)}; 10th percentiles ${(low / lowBase).toFixed(2)})`;
}

function ratio(one: number, other: number): number {
  return one / other;
}

function rowOf(samples: Samples, name: string, bases: readonly string[]): object {
  const values = samples.get(name) ?? [];
  const ratios = bases.map((base) => {
    return [`÷ ${base}`, median(pairwise(samples, [name, base], ratio)).toFixed(2)];
  });
  const row = { 'CPU µs': Math.round(median(values)), 'middle half': spread(values, 0) };
  return { ...row, ...Object.fromEntries(ratios) };
}
