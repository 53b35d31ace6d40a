import type { Known } from './known.ts';
import { defineMetric } from './metric.ts';

/** Float32's ε: a probability nearer to 0 or 1 counts as this near, so that one certain error is not infinite. As scikit-learn does for float32. */
const EPSILON = 2 ** -23;

/** −mean log of the probability given to what came true, in nats. Several outputs: over all their known labels together. */
export const logLoss = defineMetric({
  name: 'log-loss',
  better: 'lower',
  unit: 'nats',
  for: ['binary', 'classify', 'multilabel'],
  measure(known) {
    const chances = chancesOf(known);
    return chances.reduce((sum, chance) => sum - Math.log(clipped(chance)), 0) / chances.length;
  },
});

const clipped = (chance: number) => Math.min(1 - EPSILON, Math.max(EPSILON, chance));

function chancesOf(known: Known): number[] {
  if (known.kind === 'classes') {
    return Array.from(known.labels, (label, row) => known.scores[row * known.width + label]!);
  }
  return known.columns.flatMap(({ scores, labels }) =>
    Array.from(labels, (label, row) => (label === 1 ? scores[row]! : 1 - scores[row]!)),
  );
}
