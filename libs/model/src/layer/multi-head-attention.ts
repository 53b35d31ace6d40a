import { z } from 'zod';
import { initializerField, positive } from './arguments.ts';
import { affine } from './dense.ts';
import { dropoutMask } from './dropout.ts';
import type { LayerKind, Tensor } from './layer.ts';
import { sequenceShape, wrongShape } from './refuse.ts';

const schema = z.strictObject({
  numHeads: positive,
  /** Left out: features / numHeads. */
  keyDim: positive.optional(),
  dropout: z.number().min(0).lt(1).default(0),
  useBias: z.boolean().default(true),
  kernelInitializer: initializerField.default('glorotUniform'),
  biasInitializer: initializerField.default('zeros'),
});

/**
 * Self-attention (Vaswani et al. 2017): each of the heads mixes the tokens' values by softmax(q · k / √keyDim); a last dense
 * layer puts the heads together. [tokens, features], shape unchanged; every token sees every other. Weights, for each of
 * query, key, value, output: `<name>Kernel` and `<name>Bias`; the kernels [features, numHeads · keyDim], the output's the
 * other way round. `dropout` acts on the mixing weights. Arguments are those of Keras' MultiHeadAttention.
 */
export const multiHeadAttention: LayerKind<z.infer<typeof schema>> = {
  kind: 'multiHeadAttention',
  schema,
  place(inputShape, args, place) {
    const [tokens, features] = sequenceShape('multiHeadAttention', place, inputShape);
    const { numHeads, keyDim = features / numHeads } = args;
    if (!Number.isInteger(keyDim)) {
      const expected = `features that ${numHeads} heads divide evenly, or a \`keyDim\``;
      throw wrongShape('multiHeadAttention', place, inputShape, expected);
    }
    const width = numHeads * keyDim;
    const map = (name: string, from: number, to: number) => [
      { name: `${name}Kernel`, shape: [from, to], initializer: args.kernelInitializer },
      ...(args.useBias ? [{ name: `${name}Bias`, shape: [to], initializer: args.biasInitializer }] : []),
    ];
    const each = args.useBias ? 2 : 1;
    return {
      path: place.path,
      kind: 'multiHeadAttention',
      inputShape,
      outputShape: inputShape,
      weights: [
        ...map('query', features, width),
        ...map('key', features, width),
        ...map('value', features, width),
        ...map('output', width, features),
      ],
      forward(x, weights, context) {
        const { tf } = context;
        const apply = (input: Tensor, i: number) =>
          affine(tf, input, weights[i * each]!, args.useBias ? weights[i * each + 1] : undefined);
        const heads = (i: number) =>
          tf.transpose(tf.reshape(apply(x, i), [-1, tokens, numHeads, keyDim]), [0, 2, 1, 3]);
        const query = tf.mul(heads(0), 1 / Math.sqrt(keyDim));
        const mixing = tf.softmax(tf.matMul(query, heads(1), false, true));
        const mask =
          context.training && args.dropout > 0
            ? dropoutMask(tf, mixing.shape, args.dropout, context.random(place.path))
            : undefined;
        const mixed = tf.matMul(mask ? tf.mul(mixing, mask) : mixing, heads(2));
        return apply(tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [-1, tokens, width]), 3);
      },
    };
  },
};
