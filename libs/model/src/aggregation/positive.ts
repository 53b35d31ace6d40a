/** Losses below this share of the round's largest magnitude count as that share. */
const FLOOR = 1e-12;

/**
 * Losses for strategies that take logarithms of them or divide by them: each at least 1e-12 of the largest magnitude among them, so that a
 * loss that is zero or negative counts as a very small one. Losses that are all zero count as 1.
 */
export function positiveLosses(losses: ArrayLike<number>): Float64Array {
  let top = 0;
  for (let k = 0; k < losses.length; k++) top = Math.max(top, Math.abs(losses[k]!));
  const floor = top > 0 ? Math.max(top * FLOOR, SMALLEST) : 1;
  return Float64Array.from(losses, (loss) => Math.max(loss, floor));
}

/** Keeps 1 / loss finite. */
const SMALLEST = 1e-300;
