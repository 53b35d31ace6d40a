import { z } from 'zod';
import { sizeOf, type Shape } from '../layout.ts';
import type { Random } from '../random.ts';
import type { Rows } from './source.ts';

const pixels = z.int().positive();
const amount = z.number().positive();

/** The key `augment` beside a source of images. */
export const augmentSchema = z
  .strictObject({
    flip: z
      .enum(['horizontal', 'vertical', 'both'])
      .optional()
      .describe('Mirror an image, left to right or upside down, half of the time.'),
    crop: pixels.optional().describe('Shift an image by up to so many pixels each way; what comes in is 0.'),
    brightness: amount.optional().describe('Add up to so much, or take it away, in units of the scaled inputs.'),
    contrast: amount.max(1).optional().describe('Scale the distance from the image’s mean by 1 ± up to this.'),
    noise: amount.optional().describe('Standard deviation of Gaussian noise, in units of the scaled inputs.'),
    cutout: pixels
      .optional()
      .describe('Side of a square at a random place that becomes 0; it may reach over the edge.'),
  })
  .refine((given) => Object.values(given).some((value) => value !== undefined), {
    message: 'name at least one of flip, crop, brightness, contrast, noise, cutout',
  });

export type AugmentConfig = z.output<typeof augmentSchema>;

/**
 * A batch with each of its images changed by chance; targets stay. Flips and shifts of zero-padded images as in He et al. (2016), cutout as in DeVries
 * and Taylor (2017). Values are not clipped: what range they have only the source knows.
 * @param inputShape [h, w] or [h, w, channels]
 * @param random of (seed, stream, round) alone: the same round gives the same bytes, whatever was read before
 */
export function augmentRows(
  { size, inputs, targets }: Rows,
  { config, inputShape, random }: { config: AugmentConfig; inputShape: Shape; random: Random },
): Rows {
  const [height = 1, width = 1, channels = 1] = inputShape;
  const image = { height, width, channels };
  const length = sizeOf(inputShape);
  const changed = new Float32Array(inputs.length);
  for (let row = 0; row < size; row++) {
    const to = changed.subarray(row * length, (row + 1) * length);
    move(inputs.subarray(row * length, (row + 1) * length), to, image, moveOf(config, random));
    tone(to, config, random);
    if (config.cutout) cut(to, image, config.cutout, random);
  }
  return { size, inputs: changed, targets };
}

interface Image {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

interface Move {
  readonly mirrored: boolean;
  readonly upsideDown: boolean;
  readonly down: number;
  readonly right: number;
}

function moveOf({ flip, crop }: AugmentConfig, random: Random): Move {
  const half = (wanted: boolean) => wanted && random.uniform() < 0.5;
  const shift = () => (crop ? random.below(2 * crop + 1) - crop : 0);
  return {
    mirrored: half(flip === 'horizontal' || flip === 'both'),
    upsideDown: half(flip === 'vertical' || flip === 'both'),
    down: shift(),
    right: shift(),
  };
}

function move(from: Float32Array, to: Float32Array, { height, width, channels }: Image, by: Move): void {
  for (let y = 0; y < height; y++) {
    const fromY = (by.upsideDown ? height - 1 - y : y) - by.down;
    if (fromY < 0 || fromY >= height) continue;
    for (let x = 0; x < width; x++) {
      const fromX = (by.mirrored ? width - 1 - x : x) - by.right;
      if (fromX < 0 || fromX >= width) continue;
      const [place, source] = [(y * width + x) * channels, (fromY * width + fromX) * channels];
      for (let channel = 0; channel < channels; channel++) to[place + channel] = from[source + channel]!;
    }
  }
}

function tone(image: Float32Array, { contrast, brightness, noise }: AugmentConfig, random: Random): void {
  const either = (most: number) => most * (2 * random.uniform() - 1);
  if (contrast) {
    const mean = image.reduce((sum, value) => sum + value, 0) / image.length;
    const factor = 1 + either(contrast);
    for (let i = 0; i < image.length; i++) image[i] = mean + (image[i]! - mean) * factor;
  }
  if (brightness) {
    const more = either(brightness);
    for (let i = 0; i < image.length; i++) image[i]! += more;
  }
  if (noise) for (let i = 0; i < image.length; i++) image[i]! += noise * random.normal();
}

function cut(image: Float32Array, { height, width, channels }: Image, side: number, random: Random): void {
  const [top, left] = [height, width].map((edge) => random.below(edge) - Math.floor(side / 2)) as [number, number];
  for (let y = Math.max(0, top); y < Math.min(height, top + side); y++) {
    const [from, to] = [Math.max(0, left), Math.min(width, left + side)];
    image.fill(0, (y * width + from) * channels, (y * width + to) * channels);
  }
}
