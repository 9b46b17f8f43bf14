/**
 * A native histogram has no eight bytes of value. Where samples stand as columns of float bits, its low word is a
 * number into a list of histograms beside them and its high word is this: a NaN that no float sample may carry, so
 * that one which comes from outside is made the plain NaN ({@link FREE_WORD}).
 */
export const HISTOGRAM_WORD = 0x7ff45648;
/** The high word of the plain NaN. */
export const FREE_WORD = 0x7ff80000;

/** Whether sample `i` of the bits (pairs of words, low first) is a histogram. */
export function isHistogramAt(bits: Uint32Array, i: number): boolean {
  return bits[2 * i + 1] === HISTOGRAM_WORD;
}

/** Makes sample `i` histogram `number` of the list beside the bits. */
export function markHistogram(bits: Uint32Array, i: number, number: number): void {
  bits[2 * i] = number;
  bits[2 * i + 1] = HISTOGRAM_WORD;
}
