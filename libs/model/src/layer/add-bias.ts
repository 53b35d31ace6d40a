import { withGradient } from './custom-gradient.ts';
import type { Tensor, Tf } from './layer.ts';

/** x + bias along the last axis: x [..., n], bias [n]. Three operations less in the backward pass than tf.add, which reshapes both gradients. */
export const addBias = (tf: Tf, x: Tensor, bias: Tensor): Tensor =>
  withGradient(tf, [x, bias], ([value, offset]) => ({
    value: tf.add(value!, offset!),
    gradFunc: (dy) => [dy, tf.sum(dy, [...dy.shape.keys()].slice(0, -1))],
  }));
