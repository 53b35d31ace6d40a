import { z } from 'zod';
import type { LayerKind } from './layer.ts';
import { imageShape } from './refuse.ts';

const schema = z.strictObject({});

/** The mean over all pixels: [height, width, channels] → [channels]. */
export const globalAveragePooling2d: LayerKind<z.infer<typeof schema>> = {
  kind: 'globalAveragePooling2d',
  schema,
  place(inputShape, _, place) {
    const channels = imageShape('globalAveragePooling2d', place, inputShape)[2];
    return {
      path: place.path,
      kind: 'globalAveragePooling2d',
      inputShape,
      outputShape: [channels],
      weights: [],
      forward: (x, _weights, { tf }) => tf.mean(x, [1, 2]),
    };
  },
};
