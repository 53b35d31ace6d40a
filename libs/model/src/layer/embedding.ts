import { z } from 'zod';
import { initializerField, positive } from './arguments.ts';
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
  const gather = (rows: Tensor, at: Tensor, save: (tensors: Tensor[]) => void) => {
    const indices = tf.cast(at, 'int32');
    save([indices]);
    const gradFunc = (dy: Tensor, [saved]: Tensor[]): Tensor[] => [
      tf.unsortedSegmentSum(tf.reshape(dy, [-1, width]), tf.reshape(saved!, [-1]), count),
      tf.zeros(at.shape),
    ];
    return { value: tf.gather(rows, indices), gradFunc };
  };
  // tfjs types the callback by an older form, whose arguments are tensors or `save`.
  return tf.customGrad(gather as unknown as Parameters<typeof tf.customGrad>[0])(embeddings, numbers);
}
