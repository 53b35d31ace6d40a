/** A mean and the number of values in it. Plain JSON. */
export interface RunningMean {
  readonly mean: number;
  readonly count: number;
}

export const emptyMean: RunningMean = { mean: 0, count: 0 };

/** With one more value. Never a sum, which could leave float64. */
export function extend({ mean, count }: RunningMean, value: number): RunningMean {
  const share = 1 / (count + 1);
  return { mean: mean * (1 - share) + value * share, count: count + 1 };
}
