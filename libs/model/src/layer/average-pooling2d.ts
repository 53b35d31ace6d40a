import { z } from 'zod';
import { paddingField, pairField } from './arguments.ts';
import type { LayerKind } from './layer.ts';
import { paddingOf, slide, type Window } from './window.ts';
import type { Shape } from '../layout.ts';

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
    const window = { size: poolSize, strides, padding };
    const moved = slide('averagePooling2d', place, inputShape, window);
    const around = paddingOf(inputShape, moved, window);
    const isPadded = around.flat().some((pixels) => pixels > 0);
    return {
      path: place.path,
      kind: 'averagePooling2d',
      inputShape,
      outputShape: [...moved, inputShape[2]!],
      weights: [],
      forward(x, _, { tf }) {
        const image = x as ReturnType<typeof tf.tensor4d>;
        if (!isPadded) return tf.avgPool(image, poolSize, strides, 'valid');
        // Padded here and corrected after: the cpu backend's gradient under `same` counts the padding (seen in tfjs 4.22).
        const padded = tf.pad(image, [[0, 0], ...around, [0, 0]]);
        const counted = tf.tensor(pixelsCounted(inputShape, moved, window, around), [1, ...moved, 1]);
        return tf.mul(tf.avgPool(padded, poolSize, strides, 'valid'), tf.div(poolSize[0] * poolSize[1], counted));
      },
    };
  },
};

/** How many pixels of the image itself each window covers, row by row. */
function pixelsCounted(
  inputShape: Shape,
  moved: readonly [number, number],
  { size, strides }: Window,
  around: readonly [number, number][],
): Float32Array {
  const along = (axis: 0 | 1, place: number) => {
    const first = place * strides[axis] - around[axis]![0];
    return Math.min(first + size[axis], inputShape[axis]!) - Math.max(first, 0);
  };
  return Float32Array.from(
    { length: moved[0] * moved[1] },
    (_, i) => along(0, Math.floor(i / moved[1])) * along(1, i % moved[1]),
  );
}
