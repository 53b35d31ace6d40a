/** A mean as sum and count. Plain JSON. */
export interface RunningMean {
  readonly sum: number;
  readonly count: number;
}

export const emptyMean: RunningMean = { sum: 0, count: 0 };

export const extend = ({ sum, count }: RunningMean, value: number): RunningMean => ({
  sum: sum + value,
  count: count + 1,
});

export const meanOf = ({ sum, count }: RunningMean): number => sum / count;
