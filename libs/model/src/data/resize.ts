/** An image of numbers, [height, width, channels] flat. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly values: Float32Array;
}

/**
 * Brings an image to a height and width by averaging over area: a pixel of the result is the mean of the rectangle that it covers in
 * the original, parts of pixels counted by their part. Means of whole images stay the same.
 */
export function resizeByArea(image: Raster, [height, width]: readonly [number, number]): Float32Array {
  if (image.height === height && image.width === width) return image.values;
  const { channels } = image;
  const across = coverage(image.width, width);
  const down = coverage(image.height, height);
  const narrow = new Float64Array(image.height * width * channels);
  for (let y = 0; y < image.height; y++) {
    for (const [x, { from, weights }] of across.entries()) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (const [i, weight] of weights.entries()) {
          sum += weight * image.values[(y * image.width + from + i) * channels + channel]!;
        }
        narrow[(y * width + x) * channels + channel] = sum;
      }
    }
  }
  const row = width * channels;
  const out = new Float32Array(height * row);
  for (const [y, { from, weights }] of down.entries()) {
    for (let i = 0; i < row; i++) {
      let sum = 0;
      for (const [j, weight] of weights.entries()) sum += weight * narrow[(from + j) * row + i]!;
      out[y * row + i] = sum;
    }
  }
  return out;
}

/** For each of `to` places along an axis of `from` pixels: the first pixel that it covers and how much of each it is made of. */
function coverage(from: number, to: number): { from: number; weights: number[] }[] {
  return Array.from({ length: to }, (_, place) => {
    const start = (place * from) / to;
    const end = ((place + 1) * from) / to;
    const first = Math.floor(start);
    const count = Math.max(1, Math.ceil(end - 1e-9) - first);
    const part = (i: number) => Math.min(first + i + 1, end) - Math.max(first + i, start);
    return { from: first, weights: Array.from({ length: count }, (_, i) => part(i) / (end - start)) };
  });
}
