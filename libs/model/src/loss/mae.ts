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
    value: (output, target) => Math.abs(output - target),
    derivative: (output, target) => Math.sign(output - target),
  }),
};
