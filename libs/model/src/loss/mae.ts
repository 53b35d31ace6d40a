import { z } from 'zod';
import { knownNumbers } from './known-numbers.ts';
import type { LossKind } from './loss.ts';

const schema = z.strictObject({});

/** |y − t| an output; its gradient at y = t is 0. */
export const mae: LossKind<z.infer<typeof schema>> = {
  kind: 'mae',
  labels: 'number',
  schema,
  place: () => ({
    kind: 'mae',
    targets: knownNumbers,
    elementLoss: (tf, outputs, targets) => tf.abs(tf.sub(outputs, targets)),
  }),
};
