import { z } from 'zod';
import { fail } from '@trunkline/protocol';
import type { LossKind, LossPlace } from './loss.ts';

const weight = z.number().nonnegative();
const schema = z.strictObject({
  /** Weight of each class: by name, in the order of the classes, or `balanced`: labelled rows / (classes · rows of the class). */
  classWeights: z.union([z.literal('balanced'), z.array(weight), z.record(z.string(), weight)]).optional(),
  /** Label smoothing ε: the label's class has probability 1 − ε + ε/K, every other ε/K (Szegedy et al. 2016). */
  smoothing: z.number().min(0).lt(1).default(0),
});
type Parameters = z.infer<typeof schema>;

/**
 * −Σ t log softmax(x) over the classes, from logits x; t is the label's distribution. One element a row. Left to operations: differences
 * of logits are rounded there as in one autograd of the joint loss, from which a closed form would be 2e-6 of the gradient's largest
 * entry apart once most rows are learned.
 */
export const crossEntropy: LossKind<Parameters> = {
  kind: 'cross-entropy',
  labels: 'class',
  schema,
  place({ classWeights, smoothing }, place) {
    const { width } = place;
    const weights = weightsOf(classWeights, place);
    return {
      kind: 'cross-entropy',
      targets({ rows, values }) {
        const targets = new Float32Array(rows * width).fill(smoothing / width);
        for (let row = 0; row < rows; row++) {
          const label = values[row]!;
          if (!Number.isNaN(label)) targets[row * width + label]! += 1 - smoothing;
        }
        return targets;
      },
      ...(weights && { weightOf: (label) => weights[label]! }),
      elementLoss: (tf, outputs, targets) => tf.neg(tf.sum(tf.mul(tf.logSoftmax(outputs), targets), -1, true)),
    };
  },
};

function weightsOf(given: Parameters['classWeights'], place: LossPlace): readonly number[] | undefined {
  if (given === undefined) return undefined;
  const { width, classes = [], training, at } = place;
  if (given === 'balanced') return balancedWeights(training.values, width);
  const invalid = (problem: string) =>
    fail('CONFIG_INVALID', {
      at,
      key: 'cross-entropy.classWeights',
      problem,
      remedy: `Give one weight for each of the classes ${classes.join(', ')}.`,
    });
  if (Array.isArray(given)) {
    if (given.length !== width) throw invalid(`${given.length} weights for ${width} classes.`);
    return given;
  }
  const unknown = Object.keys(given).find((name) => !classes.includes(name));
  if (unknown !== undefined) throw invalid(`\`${unknown}\` is not a class.`);
  return classes.map((name) => given[name] ?? 1);
}

/** n / (K · n_c), 0 for a class that has no row (King and Zeng 2001). */
function balancedWeights(labels: Float32Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  let labelled = 0;
  for (const label of labels) {
    if (Number.isNaN(label)) continue;
    counts[label]!++;
    labelled++;
  }
  return counts.map((count) => (count === 0 ? 0 : labelled / (classes * count)));
}
