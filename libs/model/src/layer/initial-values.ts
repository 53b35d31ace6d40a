import type { Random } from '../random.ts';
import { initialize } from './initialize.ts';
import type { Stack } from './stack.ts';

/**
 * All initial values of a stack, flat, in its layout. `random` gives the named stream of a weight, asked for by the name of its
 * slot, `<layer path>/<weight>`: a weight's values depend on nothing but its own name and shape.
 */
export function initialValues(stack: Stack, random: (slot: string) => Random): Float32Array {
  const values = new Float32Array(stack.layout.length);
  const weights = stack.layers.flatMap((layer) => layer.weights);
  for (const [i, slot] of stack.layout.slots.entries()) {
    values.set(initialize(weights[i]!, random(slot.name)), slot.offset);
  }
  return values;
}
