import type { Padding } from './arguments.ts';
import type { Place } from './layer.ts';
import { imageShape, wrongShape } from './refuse.ts';
import type { Shape } from '../layout.ts';

/** A window that slides over an image: what convolutions and pooling have in common. */
export interface Window {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly padding: Padding;
  readonly dilation?: readonly [number, number];
}

/**
 * [height, width] after the window has passed over [height, width, channels]: ⌈n / stride⌉ with `same`,
 * ⌊(n − reach) / stride⌋ + 1 with `valid`, where reach = (size − 1) · dilation + 1.
 * @throws LAYER_SHAPE where the input is no image, or smaller than the window under `valid`
 */
export function slide(kind: string, place: Place, inputShape: Shape, window: Window): [number, number] {
  const image = imageShape(kind, place, inputShape);
  const reach = [0, 1].map((axis) => (window.size[axis]! - 1) * (window.dilation?.[axis] ?? 1) + 1);
  if (window.padding === 'valid' && (reach[0]! > image[0] || reach[1]! > image[1])) {
    throw wrongShape(kind, place, inputShape, `at least ${reach[0]} x ${reach[1]} pixels, or \`padding: same\``);
  }
  const along = (axis: 0 | 1) =>
    window.padding === 'same'
      ? Math.ceil(image[axis] / window.strides[axis])
      : Math.floor((image[axis] - reach[axis]!) / window.strides[axis]) + 1;
  return [along(0), along(1)];
}

/** Pixels that `same` adds [before, after] the image along each axis: the odd one comes after. Nothing under `valid`. */
export function paddingOf(inputShape: Shape, moved: readonly [number, number], window: Window): [number, number][] {
  return moved.map((out, axis) => {
    const reach = (out - 1) * window.strides[axis]! + window.size[axis]!;
    const total = window.padding === 'same' ? Math.max(0, reach - inputShape[axis]!) : 0;
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
}
