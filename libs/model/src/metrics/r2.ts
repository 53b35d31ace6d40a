import { meanOf } from './errors-of.ts';
import type { Column } from './known.ts';
import { defineMetric, meanOfDefined } from './metric.ts';

/**
 * 1 − Σ (label − prediction)² / Σ (label − mean label)², the mean over outputs for which it is defined: labels that do not differ
 * leave nothing to explain. 1 is best, 0 as good as the mean, below 0 worse. Wright 1921.
 */
export const r2 = defineMetric({
  name: 'r2',
  better: 'higher',
  unit: '',
  for: ['regress'],
  measure: (known) => (known.kind === 'classes' ? undefined : meanOfDefined(known.columns.map(explained))),
});

function explained({ scores, labels }: Column): number | undefined {
  const truths = Array.from(labels);
  const middle = meanOf(truths);
  const squares = (differences: number[]) => differences.reduce((sum, difference) => sum + difference ** 2, 0);
  const total = squares(truths.map((truth) => truth - middle));
  if (!truths.some((truth) => truth !== truths[0])) return undefined;
  return 1 - squares(truths.map((truth, row) => truth - scores[row]!)) / total;
}
