import { z } from 'zod';
import { withGradient } from './custom-gradient.ts';
import type { Tensor, Tf } from './layer.ts';

export const ACTIVATIONS = [
  'linear',
  'relu',
  'relu6',
  'leakyRelu',
  'elu',
  'selu',
  'gelu',
  'sigmoid',
  'tanh',
  'softplus',
  'swish',
  'softmax',
] as const;
export type ActivationName = (typeof ACTIVATIONS)[number];

export const activationField = z.enum(ACTIVATIONS);

/** Slope of leakyRelu below zero. */
export const LEAKY_SLOPE = 0.2;

/**
 * Applies an activation to each element of `x`, softmax along the last axis. leakyRelu has slope 0.2 below zero; gelu is
 * the exact one, x Φ(x) (Hendrycks and Gimpel 2016); swish is x σ(x).
 */
export function activate(tf: Tf, name: ActivationName, x: Tensor): Tensor {
  switch (name) {
    case 'linear':
      return x;
    case 'relu':
      return relu(tf, x);
    case 'gelu':
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
    case 'swish':
      return tf.mul(x, tf.sigmoid(x));
    case 'leakyRelu':
      return tf.leakyRelu(x, LEAKY_SLOPE);
    default:
      return tf[name](x);
  }
}

/** tf.relu, whose own gradient takes eight operations on the native backend for what one sign says. */
const relu = (tf: Tf, x: Tensor): Tensor =>
  withGradient(tf, [x], ([input], save) => {
    const value = tf.relu(input!);
    save([value]);
    return { value, gradFunc: (dy, [y]) => tf.mul(dy, tf.sign(y!)) };
  });
