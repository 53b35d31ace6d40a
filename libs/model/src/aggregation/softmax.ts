/** exp(x_k) / Σ exp(x_j), finite for any finite x (the largest x is subtracted first). */
export function softmax(x: ArrayLike<number>): Float64Array {
  const top = largest(x);
  const powers = Float64Array.from(x, (value) => Math.exp(value - top));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}

function largest(x: ArrayLike<number>): number {
  let top = -Infinity;
  for (let k = 0; k < x.length; k++) top = Math.max(top, x[k]!);
  return top;
}
