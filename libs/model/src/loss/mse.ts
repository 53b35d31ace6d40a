import { z } from 'zod';
import { knownNumbers } from './known-numbers.ts';
import type { LossKind } from './loss.ts';

const schema = z.strictObject({});

/** (y − t)² an output. */
export const mse: LossKind<z.infer<typeof schema>> = {
  kind: 'mse',
  labels: 'number',
  schema,
  place: () => ({
    kind: 'mse',
    targets: knownNumbers,
    elementLoss: (tf, outputs, targets) => tf.square(tf.sub(outputs, targets)),
  }),
};
