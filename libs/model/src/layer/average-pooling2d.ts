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

/** The mean of each window: [height, width, channels] → [height', width', channels]. With `same`, padding does not count. */
export const averagePooling2d: LayerKind<z.infer<typeof schema>> = {
  kind: 'averagePooling2d',
  schema,
  place(inputShape, { poolSize, padding, strides = poolSize }, place) {
    const moved = slide('averagePooling2d', place, inputShape, { size: poolSize, strides, padding });
    return {
      path: place.path,
      kind: 'averagePooling2d',
      inputShape,
      outputShape: [...moved, inputShape[2]!],
      weights: [],
      forward: (x, _, { tf }) => tf.avgPool(x as ReturnType<typeof tf.tensor4d>, poolSize, strides, padding),
    };
  },
};
