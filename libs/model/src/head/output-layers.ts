import { z } from 'zod';
import type { LayerSpec } from '../layer/spec.ts';
import { placeStack, type Stack } from '../layer/stack.ts';
import type { HeadPlace } from './head.ts';

/** Units of the dense relu layers between the trunk and the head's last layer. */
export const hiddenField = z.array(z.int().positive()).default([]);

/** Trunk output → flat → hidden dense relu layers → one linear dense layer of `width`. */
export function outputLayers(hidden: readonly number[], width: number, { inputShape, target }: HeadPlace): Stack {
  const specs: LayerSpec[] = [
    ...(inputShape.length > 1 ? [{ flatten: {} }] : []),
    ...hidden.map((units) => ({ dense: { units, activation: 'relu' } })),
    { dense: { units: width } },
  ];
  return placeStack(specs, inputShape, { at: target.at });
}
