import { z } from 'zod';
import { paddingField, pairField } from './arguments.ts';
import type { LayerKind } from './layer.ts';
import { slide } from './window.ts';

const schema = z.strictObject({
  poolSize: pairField.default([2, 2]),
  /** Left out: the pool's size. */
  strides: pairField.optional(),
  padding: paddingField.default('valid'),
});

/**
 * The largest value of each window: [height, width, channels] → [height', width', channels]. Not trained by
 * wasm, whose gradient misses the maximum of every window without a positive value (seen in 4.22).
 */
export const maxPooling2d: LayerKind<z.infer<typeof schema>> = {
  kind: 'maxPooling2d',
  schema,
  place(inputShape, { poolSize, padding, strides = poolSize }, place) {
    const moved = slide('maxPooling2d', place, inputShape, { size: poolSize, strides, padding });
    return {
      path: place.path,
      kind: 'maxPooling2d',
      trains: 'not-wasm',
      inputShape,
      outputShape: [...moved, inputShape[2]!],
      weights: [],
      forward: (x, _, { tf }) => tf.maxPool(x as ReturnType<typeof tf.tensor4d>, poolSize, strides, padding),
    };
  },
};
