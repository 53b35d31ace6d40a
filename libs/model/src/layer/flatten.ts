import { z } from 'zod';
import { sizeOf } from '../layout.ts';
import type { LayerKind } from './layer.ts';

const schema = z.strictObject({});

/** All axes in one, the last running fastest: [a, b, c] → [a·b·c]. */
export const flatten: LayerKind<z.infer<typeof schema>> = {
  kind: 'flatten',
  schema,
  place(inputShape, _, { path }) {
    const size = sizeOf(inputShape);
    return {
      path,
      kind: 'flatten',
      inputShape,
      outputShape: [size],
      weights: [],
      forward: (x, _weights, { tf }) => tf.reshape(x, [-1, size]),
    };
  },
};
