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
    value(output, target) {
      const distance = Math.abs(output - target);
      return distance <= delta ? distance ** 2 / 2 : delta * (distance - delta / 2);
    },
    derivative: (output, target) => Math.max(-delta, Math.min(delta, output - target)),
  }),
};
