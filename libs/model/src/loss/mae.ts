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
    element(outputs, targets, { start }, derivative) {
      const apart = outputs[start]! - targets[start]!;
      derivative[start] = Math.sign(apart);
      return Math.abs(apart);
    },
  }),
};
