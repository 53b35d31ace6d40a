import type { Tensor, Tf } from './layer.ts';

/**
 * A convolution kernel [h, w, a, b] with zeros between its rows and columns: [(h−1)·rate+1, (w−1)·rate+1, a, b]. A plain
 * convolution with it is the dilated one, and has a gradient, which tfjs's own dilated convolution has not.
 */
export function dilate(tf: Tf, kernel: Tensor, [rateH, rateW]: readonly [number, number]): Tensor {
  if (rateH === 1 && rateW === 1) return kernel;
  const [h, w, a, b] = kernel.shape as [number, number, number, number];
  const apart = tf.pad(tf.reshape(kernel, [h, 1, w, 1, a * b]), [
    [0, 0],
    [0, rateH - 1],
    [0, 0],
    [0, rateW - 1],
    [0, 0],
  ]);
  const wide = tf.reshape(apart, [h * rateH, w * rateW, a, b]);
  return tf.slice(wide, [0, 0, 0, 0], [(h - 1) * rateH + 1, (w - 1) * rateW + 1, a, b]);
}
