import { countsOf, decidedOf, type Decided } from './decided.ts';
import { defineMetric, meanOfDefined } from './metric.ts';

/**
 * Mean over classes of the share of their rows that is recognised, classes without rows left out. Several outputs: the mean of
 * theirs. Brodersen et al., ICPR 2010.
 */
export const balancedAccuracy = defineMetric({
  name: 'balanced-accuracy',
  better: 'higher',
  unit: '',
  for: ['binary', 'classify', 'multilabel'],
  measure: (known) => meanOfDefined(decidedOf(known).map(recallOf)),
});

const recallOf = (decided: Decided): number | undefined =>
  meanOfDefined(countsOf(decided).map(({ hits, truly }) => (truly === 0 ? undefined : hits / truly)));
