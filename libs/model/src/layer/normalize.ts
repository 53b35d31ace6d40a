import type { Tensor, Tf } from './layer.ts';

/** (x − mean) / √(variance + epsilon), the moments taken over `axes`; the variance is that of the population. */
export function standardize(tf: Tf, x: Tensor, axes: number[], epsilon: number): Tensor {
  const centred = tf.sub(x, tf.mean(x, axes, true));
  const variance = tf.mean(tf.square(centred), axes, true);
  return tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon)));
}

/** x · gamma + beta, each where it is there. */
export function rescale(tf: Tf, x: Tensor, gamma: Tensor | undefined, beta: Tensor | undefined): Tensor {
  const scaled = gamma ? tf.mul(x, gamma) : x;
  return beta ? tf.add(scaled, beta) : scaled;
}
