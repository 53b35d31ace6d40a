import { questionsOf, type Column } from './known.ts';
import { defineMetric, meanOfDefined } from './metric.ts';
import { tiesOf } from './ranking.ts';

/**
 * Average precision, Σ (R_n − R_{n−1}) P_n over the distinct scores from the highest down: the area under the precision-recall
 * curve without interpolation (as scikit-learn; Davis & Goadrich, ICML 2006, say why not trapezoids). Averaged as AUROC is;
 * undefined without a positive row.
 */
export const auprc = defineMetric({
  name: 'auprc',
  better: 'higher',
  unit: '',
  for: ['binary', 'classify', 'multilabel'],
  measure: (known) => meanOfDefined(questionsOf(known).map(precisionOf)),
});

function precisionOf(column: Column): number | undefined {
  let found = 0;
  let seen = 0;
  let sum = 0;
  for (const { positives, negatives } of tiesOf(column)) {
    found += positives;
    seen += positives + negatives;
    sum += positives * (found / seen);
  }
  return found === 0 ? undefined : sum / found;
}
