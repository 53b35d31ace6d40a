import type { Known } from './known.ts';

/** Prediction − label of every known label, in float64, output by output. Undefined for classes, which have no difference. */
export function errorsOf(known: Known): number[] | undefined {
  if (known.kind === 'classes') return undefined;
  return known.columns.flatMap(({ scores, labels }) => Array.from(labels, (label, row) => scores[row]! - label));
}

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
