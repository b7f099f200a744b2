/** The time by this machine's clock, in seconds since the epoch: what a token says of when it was issued. */
export function secondsNow(): number {
  return Math.floor(Date.now() / 1000);
}
