import { questionsOf, type Column } from './known.ts';
import { defineMetric, meanOfDefined } from './metric.ts';
import { tiesOf, totalOf } from './ranking.ts';

/**
 * Area under the receiver operating characteristic: the chance that a positive row scores above a negative one, equal scores
 * counting half (midranks; Mann & Whitney 1947, Hanley & McNeil 1982). Two classes: score of the second. More classes or several
 * outputs: the plain mean over those (one against the rest) for which it is defined, which needs a positive and a negative row.
 */
export const auroc = defineMetric({
  name: 'auroc',
  better: 'higher',
  unit: '',
  for: ['binary', 'classify', 'multilabel'],
  measure: (known) => meanOfDefined(questionsOf(known).map(areaOf)),
});

function areaOf(column: Column): number | undefined {
  const ties = tiesOf(column);
  const pairs = totalOf(ties, 'positives') * totalOf(ties, 'negatives');
  if (pairs === 0) return undefined;
  let above = 0;
  let won = 0;
  for (const { positives, negatives } of ties) {
    won += negatives * (above + positives / 2);
    above += positives;
  }
  return won / pairs;
}
