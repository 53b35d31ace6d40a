import { withGradient } from './custom-gradient.ts';
import type { Tensor, Tf } from './layer.ts';

/**
 * s = (x − mean) / √(variance + epsilon), the moments taken over `axes`; the variance is that of the population. The gradient in
 * closed form (Ioffe and Szegedy 2015), (dy − mean(dy) − s · mean(dy · s)) / √(variance + epsilon), takes fewer passes over
 * the data than the one that tfjs derives.
 */
export function standardize(tf: Tf, x: Tensor, axes: number[], epsilon: number): Tensor {
  return withGradient(tf, [x], ([input], save) => {
    const centred = tf.sub(input!, tf.mean(input!, axes, true));
    const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), axes, true), epsilon));
    const value = tf.mul(centred, scale);
    save([value, scale]);
    const gradFunc = (dy: Tensor, [standard, by]: Tensor[]) => {
      const along = tf.mul(standard!, tf.mean(tf.mul(dy, standard!), axes, true));
      return tf.mul(tf.sub(tf.sub(dy, tf.mean(dy, axes, true)), along), by!);
    };
    return { value, gradFunc };
  });
}

/** x · gamma + beta, each where it is there. */
export function rescale(tf: Tf, x: Tensor, gamma: Tensor | undefined, beta: Tensor | undefined): Tensor {
  const scaled = gamma ? tf.mul(x, gamma) : x;
  return beta ? tf.add(scaled, beta) : scaled;
}
