import type { ForwardContext, Tensor } from './layer.ts';
import type { Stack } from './stack.ts';

/** x [batch, ...inputShape] → [batch, ...outputShape]; `weights` in the order of the stack's layout. Runs inside `tf.tidy`. */
export function forward(stack: Stack, x: Tensor, weights: readonly Tensor[], context: ForwardContext): Tensor {
  let used = 0;
  let value = x;
  for (const layer of stack.layers) {
    value = layer.forward(value, weights.slice(used, used + layer.weights.length), context);
    used += layer.weights.length;
  }
  return value;
}
