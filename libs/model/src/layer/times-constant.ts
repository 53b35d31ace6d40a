import { withGradient } from './custom-gradient.ts';
import type { Tensor, Tf } from './layer.ts';

/** x · factor, element by element, where `factor` has x's shape and nothing asks for its gradient: tf.mul casts it for nothing. */
export const timesConstant = (tf: Tf, x: Tensor, factor: Tensor): Tensor =>
  withGradient(tf, [x], ([value], save) => {
    save([factor]);
    return { value: tf.mul(value!, factor), gradFunc: (dy, [saved]) => tf.mul(dy, saved!) };
  });
