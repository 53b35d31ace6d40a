import { z } from 'zod';
import type { LayerKind, Tensor, Tf } from './layer.ts';
import { timesConstant } from './times-constant.ts';
import type { Random } from '../random.ts';

const schema = z.strictObject({ rate: z.number().min(0).lt(1) });

/**
 * While training, each element is 0 with probability `rate` and otherwise scaled by 1 / (1 − rate) (Srivastava et al.
 * 2014, in the inverted form); else the identity. The mask comes from the pass's named stream for this layer, so that
 * every pass of a round, and every repetition of it, has the same one.
 */
export const dropout: LayerKind<z.infer<typeof schema>> = {
  kind: 'dropout',
  schema,
  place: (inputShape, { rate }, { path }) => ({
    path,
    kind: 'dropout',
    inputShape,
    outputShape: inputShape,
    weights: [],
    forward: (x, _, context) =>
      context.training && rate > 0
        ? timesConstant(context.tf, x, dropoutMask(context.tf, x.shape, rate, context.random(path)))
        : x,
  }),
};

/** 0 or 1 / (1 − rate) an element, from 32 random bits each (a uniform would draw 64), in the order of the elements. */
export function dropoutMask(tf: Tf, shape: readonly number[], rate: number, random: Random): Tensor {
  const bits = new Uint32Array(shape.reduce((product, side) => product * side, 1));
  random.fill(bits);
  const mask = new Float32Array(bits.length);
  const kept = 1 / (1 - rate);
  const dropped = rate * 2 ** 32;
  for (let i = 0; i < mask.length; i++) mask[i] = bits[i]! < dropped ? 0 : kept;
  return tf.tensor(mask, [...shape]);
}
