import { z } from 'zod';
import { initializerField } from './arguments.ts';
import type { LayerKind } from './layer.ts';
import { sequenceShape } from './refuse.ts';

const schema = z.strictObject({ embeddingsInitializer: initializerField.default('randomUniform') });

/**
 * Adds a learned vector for each place in the sequence: [tokens, features], shape unchanged. Attention does not see the order of
 * its tokens otherwise (Vaswani et al. 2017). Weight `embeddings` [tokens, features].
 */
export const positionalEmbedding: LayerKind<z.infer<typeof schema>> = {
  kind: 'positionalEmbedding',
  schema,
  place(inputShape, args, place) {
    const shape = sequenceShape('positionalEmbedding', place, inputShape);
    return {
      path: place.path,
      kind: 'positionalEmbedding',
      inputShape,
      outputShape: inputShape,
      weights: [{ name: 'embeddings', shape, initializer: args.embeddingsInitializer }],
      forward: (x, [embeddings], { tf }) => tf.add(x, embeddings!),
    };
  },
};
