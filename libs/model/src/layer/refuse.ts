import { fail } from '@trunkline/protocol';
import type { Shape } from '../layout.ts';
import type { Place } from './layer.ts';

/** The error LAYER_SHAPE of `kind`, which stands at `place` and was given `found`; throw it. */
export const wrongShape = (kind: string, place: Place, found: Shape, expected: string) =>
  fail('LAYER_SHAPE', { at: place.at, layer: kind, found: found.join(', '), expected });

/** [height, width, channels], or LAYER_SHAPE. */
export function imageShape(kind: string, place: Place, shape: Shape): [number, number, number] {
  if (shape.length !== 3) throw wrongShape(kind, place, shape, '[height, width, channels]');
  return shape as unknown as [number, number, number];
}

/** [tokens, features], or LAYER_SHAPE. */
export function sequenceShape(kind: string, place: Place, shape: Shape): [number, number] {
  if (shape.length !== 2) throw wrongShape(kind, place, shape, '[tokens, features]');
  return shape as unknown as [number, number];
}
