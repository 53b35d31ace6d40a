import { withinFloat32 } from './float32.ts';

/** A task's moving average of its rows and the number of rows in it. */
export interface Average {
  readonly row: Float32Array;
  readonly steps: number;
}

/**
 * y + rate · (scale · row − y) in float64, kept as a new float32 row. y is 0 at the first row, and where the rows' length changed. `rate`
 * is asked with the number of rows, this one included.
 */
export function averageInto(
  before: Average | undefined,
  row: Float32Array,
  scale: number,
  rate: (steps: number) => number,
): Average {
  const known = before?.row.length === row.length ? before : undefined;
  const steps = (known?.steps ?? 0) + 1;
  const share = rate(steps);
  const old = known?.row ?? new Float32Array(row.length);
  const next = new Float32Array(row.length);
  for (let i = 0; i < next.length; i++) {
    next[i] = withinFloat32(old[i]! + share * (withinFloat32(scale * row[i]!) - old[i]!));
  }
  return { row: next, steps };
}

/** ‖row‖ in float64. */
export function normOf(row: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += row[i]! * row[i]!;
  return Math.sqrt(sum);
}
