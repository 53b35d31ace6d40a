import { withGradient } from '../layer/custom-gradient.ts';
import type { Tensor, Tf } from '../layer/layer.ts';

/** Σ weights · x, a scalar. Its gradient, weights · dy, is one operation where tfjs takes five for the sum and the product. */
export const weightedSum = (tf: Tf, x: Tensor, weights: Tensor): Tensor =>
  withGradient(tf, [x], ([value], save) => {
    save([weights]);
    return { value: tf.sum(tf.mul(value!, weights)), gradFunc: (dy, [saved]) => tf.mul(saved!, dy) };
  });
