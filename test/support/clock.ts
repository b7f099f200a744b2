/** The clocks of this process, which can be put forward: nobody has to wait until something is old. */
export interface Clock {
  advance(seconds: number): void;
  restore(): void;
}

export function takeClock(): Clock {
  const monotonic = performance.now;
  const wall = Date.now;
  let skew = 0;
  performance.now = () => monotonic.call(performance) + skew;
  Date.now = () => wall() + skew;
  return {
    advance(seconds) {
      skew += seconds * 1000;
    },
    restore() {
      performance.now = monotonic;
      Date.now = wall;
    },
  };
}
