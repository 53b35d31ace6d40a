import type { Tensor, Tf } from './layer.ts';

/** What an operation gives: its value, and the gradient of each input from that of the value, in the order of the inputs. */
interface Differentiable {
  readonly value: Tensor;
  gradFunc(dy: Tensor, saved: Tensor[]): Tensor | Tensor[];
}

/**
 * An operation with a gradient of our own, applied to `inputs`. `save` keeps what the gradient needs of the forward pass. All
 * of the inputs' gradients are computed, needed or not. (tfjs types the callback by an older form: hence this one cast.)
 */
export function withGradient(
  tf: Tf,
  inputs: readonly Tensor[],
  operation: (inputs: Tensor[], save: (tensors: Tensor[]) => void) => Differentiable,
): Tensor {
  const callback = (...given: unknown[]) =>
    operation(given.slice(0, -1) as Tensor[], given.at(-1) as (tensors: Tensor[]) => void);
  return tf.customGrad(callback)(...inputs);
}
