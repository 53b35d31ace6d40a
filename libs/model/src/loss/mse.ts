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
    value: (output, target) => (output - target) ** 2,
    derivative: (output, target) => 2 * (output - target),
  }),
};
