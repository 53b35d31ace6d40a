import { z } from 'zod';
import type { Labels, LossKind } from './loss.ts';

const schema = z.strictObject({
  /** Weight of an element whose label is 1; `balanced`: zeros / ones of its column in the training split. */
  positiveWeight: z.union([z.literal('balanced'), z.number().nonnegative()]).optional(),
  /** Label smoothing ε: 1 becomes 1 − ε/2, 0 becomes ε/2. */
  smoothing: z.number().min(0).lt(1).default(0),
});

/**
 * −z log σ(x) − (1 − z) log(1 − σ(x)) an output, from logits x. With s = 1 − 2z (+1 for the label 0, −1 for 1) and u = s x it is
 * softplus(u), less u ε/2 with smoothing: exact for confident outputs, where softplus(x) − x z cancels.
 */
export const sigmoidCrossEntropy: LossKind<z.infer<typeof schema>> = {
  kind: 'sigmoid-cross-entropy',
  labels: 'binary',
  schema,
  place({ positiveWeight, smoothing }, { training }) {
    const positive =
      positiveWeight === 'balanced'
        ? zerosOverOnes(training)
        : positiveWeight === undefined
          ? undefined
          : new Array<number>(training.columns).fill(positiveWeight);
    return {
      kind: 'sigmoid-cross-entropy',
      targets: ({ values }) => values.map((label) => (label === 1 ? -1 : 1)),
      ...(positive && { weightOf: (label, column) => (label === 1 ? positive[column]! : 1) }),
      value: (output, sign) => softplus(sign * output) - (sign * output * smoothing) / 2,
      derivative: (output, sign) => sign * (sigmoid(sign * output) - smoothing / 2),
    };
  },
};

/** log(1 + eᵘ), without overflow and without cancellation. */
const softplus = (u: number): number => Math.max(u, 0) + Math.log1p(Math.exp(-Math.abs(u)));
const sigmoid = (u: number): number => (u < 0 ? Math.exp(u) / (1 + Math.exp(u)) : 1 / (1 + Math.exp(-u)));

/** A column without a 1 or without a 0 is left at 1. */
function zerosOverOnes({ values, columns }: Labels): number[] {
  const zeros = new Array<number>(columns).fill(0);
  const ones = new Array<number>(columns).fill(0);
  for (const [i, label] of values.entries()) {
    if (label === 1) ones[i % columns]!++;
    else if (label === 0) zeros[i % columns]!++;
  }
  return ones.map((count, column) => (count === 0 || zeros[column] === 0 ? 1 : zeros[column]! / count));
}
