import { decidedOf } from './decided.ts';
import { defineMetric } from './metric.ts';

/** Share of right decisions: the highest score, or above one half. Several outputs: over all their known labels together. */
export const accuracy = defineMetric({
  name: 'accuracy',
  better: 'higher',
  unit: '',
  for: ['binary', 'classify', 'multilabel'],
  measure(known) {
    let right = 0;
    let all = 0;
    for (const { decisions, truths } of decidedOf(known)) {
      all += truths.length;
      right += truths.filter((truth, row) => truth === decisions[row]).length;
    }
    return right / all;
  },
});
