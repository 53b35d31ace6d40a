import { z } from 'zod';
import type { LayerKind } from './layer.ts';
import { sequenceShape } from './refuse.ts';

const schema = z.strictObject({});

/** The mean over all tokens, padding included: [tokens, features] → [features]. */
export const globalAveragePooling1d: LayerKind<z.infer<typeof schema>> = {
  kind: 'globalAveragePooling1d',
  schema,
  place(inputShape, _, place) {
    const features = sequenceShape('globalAveragePooling1d', place, inputShape)[1];
    return {
      path: place.path,
      kind: 'globalAveragePooling1d',
      inputShape,
      outputShape: [features],
      weights: [],
      forward: (x, _weights, { tf }) => tf.mean(x, 1),
    };
  },
};
