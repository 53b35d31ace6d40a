/** The nearest point of {w ≥ 0, Σw = 1}, by sorting. Held, Wolfe & Crowder 1974. */
export function projectOnSimplex(point: Float64Array): Float64Array {
  const descending = Float64Array.from(point).sort().reverse();
  // Relative to the largest: for large values Σ − 1 would lose the 1.
  const top = descending[0]!;
  let sum = 0;
  let shift = 0;
  descending.forEach((value, i) => {
    sum += value - top;
    const candidate = (sum - 1) / (i + 1);
    if (value - top > candidate) shift = candidate;
  });
  return point.map((value) => Math.max(0, value - top - shift));
}
