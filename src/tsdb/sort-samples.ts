/** Sorts samples from..to by time; of a repeated time the first stays. Values move as 32-bit words. Gives the new end. */
export function sortAndDedupe(
  times: Float64Array,
  bits: Uint32Array,
  from: number,
  to: number,
): number {
  const order = Array.from({ length: to - from }, (_, i) => from + i).sort(
    (x, y) => (times[x] as number) - (times[y] as number) || x - y,
  );
  const t = order.map((i) => times[i] as number);
  const lo = order.map((i) => bits[2 * i] as number);
  const hi = order.map((i) => bits[2 * i + 1] as number);
  let at = from;
  for (let i = 0; i < order.length; i++) {
    if (i > 0 && t[i] === t[i - 1]) continue;
    times[at] = t[i] as number;
    bits[2 * at] = lo[i] as number;
    bits[2 * at + 1] = hi[i] as number;
    at++;
  }
  return at;
}
