import { z } from 'zod';
import { initializerField, positive } from './arguments.ts';
import { withGradient } from './custom-gradient.ts';
import type { LayerKind, Tensor, Tf } from './layer.ts';

const schema = z.strictObject({
  inputDim: positive,
  outputDim: positive,
  embeddingsInitializer: initializerField.default('randomUniform'),
});

/**
 * A vector for each token: [tokens] → [tokens, outputDim]. Tokens come as floats that hold whole numbers from 0 to inputDim − 1,
 * since every input is float32. Weight `embeddings` [inputDim, outputDim]. The wasm backend has no gradient of it.
 */
export const embedding: LayerKind<z.infer<typeof schema>> = {
  kind: 'embedding',
  schema,
  place: (inputShape, args, { path }) => ({
    path,
    kind: 'embedding',
    trains: 'not-wasm',
    inputShape,
    outputShape: [...inputShape, args.outputDim],
    weights: [{ name: 'embeddings', shape: [args.inputDim, args.outputDim], initializer: args.embeddingsInitializer }],
    forward: (x, [embeddings], { tf }) => lookUp(tf, x, embeddings!),
  }),
};

/**
 * Rows of `embeddings` [n, d] by number, the numbers floats. The gradient goes to the rows alone: by the numbers there is none to
 * take, and tfjs's own gather refuses to differentiate when they depend on a variable (an adapter's, say).
 */
function lookUp(tf: Tf, numbers: Tensor, embeddings: Tensor): Tensor {
  const [count, width] = embeddings.shape as [number, number];
  return withGradient(tf, [embeddings, numbers], ([rows, at], save) => {
    const indices = tf.cast(at!, 'int32') as ReturnType<typeof tf.tensor1d>;
    save([indices]);
    return {
      value: tf.gather(rows!, indices),
      gradFunc: (dy, [saved]) => [
        tf.unsortedSegmentSum(tf.reshape(dy, [-1, width]), tf.reshape(saved!, [-1]), count),
        tf.zeros(numbers.shape),
      ],
    };
  });
}
