import { z } from 'zod';
import { knownNumbers } from './known-numbers.ts';
import type { LossKind } from './loss.ts';

const schema = z.strictObject({
  /** From this distance on the loss grows linearly, in the target's unit. */
  delta: z.number().positive().default(1),
});

/** d²/2 for d = |y − t| ≤ δ, else δ (d − δ/2), an output (Huber 1964). */
export const huber: LossKind<z.infer<typeof schema>> = {
  kind: 'huber',
  labels: 'number',
  schema,
  place: ({ delta }) => ({
    kind: 'huber',
    targets: knownNumbers,
    elementLoss(tf, outputs, targets) {
      const distance = tf.abs(tf.sub(outputs, targets));
      const near = tf.minimum(distance, delta);
      return tf.add(tf.mul(tf.square(near), 0.5), tf.mul(tf.sub(distance, near), delta));
    },
  }),
};
