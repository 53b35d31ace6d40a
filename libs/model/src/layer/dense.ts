import { z } from 'zod';
import { addBias } from './add-bias.ts';
import { activate, activationField } from './activation-functions.ts';
import { initializerField, positive } from './arguments.ts';
import type { LayerKind, Tensor, Tf } from './layer.ts';
import { wrongShape } from './refuse.ts';

const schema = z.strictObject({
  units: positive,
  activation: activationField.default('linear'),
  useBias: z.boolean().default(true),
  kernelInitializer: initializerField.default('glorotUniform'),
  biasInitializer: initializerField.default('zeros'),
});

/** y = f(x W + b) on the last axis: [..., n] → [..., units]. Weights `kernel` [n, units], `bias` [units]. */
export const dense: LayerKind<z.infer<typeof schema>> = {
  kind: 'dense',
  schema,
  place(inputShape, args, { path, at }) {
    const width = inputShape.at(-1);
    if (width === undefined) throw wrongShape('dense', { path, at }, inputShape, 'at least one axis, [features]');
    return {
      path,
      kind: 'dense',
      inputShape,
      outputShape: [...inputShape.slice(0, -1), args.units],
      weights: [
        { name: 'kernel', shape: [width, args.units], initializer: args.kernelInitializer },
        ...(args.useBias ? [{ name: 'bias', shape: [args.units], initializer: args.biasInitializer }] : []),
      ],
      forward: (x, [kernel, bias], { tf }) => activate(tf, args.activation, affine(tf, x, kernel!, bias)),
    };
  },
};

/** x W + b along the last axis of x, of any rank; W [n, m], b [m]. */
export function affine(tf: Tf, x: Tensor, kernel: Tensor, bias: Tensor | undefined): Tensor {
  const [rows, columns] = kernel.shape as [number, number];
  const product = tf.matMul(x.rank === 2 ? x : tf.reshape(x, [-1, rows]), kernel);
  // Not tf.fused.matMul: its gradient always computes that of x too, a product as large as the one for W, which a first layer
  // does not need.
  const y = bias ? addBias(tf, product, bias) : product;
  return x.rank === 2 ? y : tf.reshape(y, [...x.shape.slice(0, -1), columns]);
}
