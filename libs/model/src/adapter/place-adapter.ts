import { fail } from '@trunkline/protocol';
import { locate, type At, type LayerSpec } from '../layer/spec.ts';
import { placeStack, type Stack } from '../layer/stack.ts';
import { sizeOf, type Shape } from '../layout.ts';

/**
 * Places the layers from a raw input to the trunk's input. None is the identity, under which an input with the right number of
 * elements is reshaped; an own list must end in the trunk's very shape.
 * @throws TRUNK_INPUT, LAYER_ errors
 */
export function placeAdapter(
  specs: readonly LayerSpec[],
  inputShape: Shape,
  trunkInputShape: Shape,
  { task, at }: { task: string; at: At },
): Stack {
  const same = (shape: Shape) => shape.join() === trunkInputShape.join();
  const reshaped = specs.length === 0 && !same(inputShape) && sizeOf(inputShape) === sizeOf(trunkInputShape);
  const layers = reshaped ? [{ reshape: { targetShape: [...trunkInputShape] } }] : specs;
  const stack = placeStack(layers, inputShape, { at });
  if (!same(stack.outputShape)) {
    const [found, expected] = [stack.outputShape.join(', '), trunkInputShape.join(', ')];
    throw fail('TRUNK_INPUT', { at: locate(at, []), task, found, expected });
  }
  return stack;
}
