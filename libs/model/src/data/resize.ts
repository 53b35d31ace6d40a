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
  const { channels, values } = image;
  const across = coverage(image.width, width);
  const down = coverage(image.height, height);
  const row = width * channels;
  const narrow = new Float64Array(image.height * row);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < width; x++) {
      for (let i = across.starts[x]!; i < across.starts[x + 1]!; i++) {
        const weight = across.weights[i]!;
        const from = (y * image.width + across.pixels[i]!) * channels;
        for (let channel = 0; channel < channels; channel++) {
          narrow[y * row + x * channels + channel]! += weight * values[from + channel]!;
        }
      }
    }
  }
  const out = new Float64Array(height * row);
  for (let y = 0; y < height; y++) {
    for (let j = down.starts[y]!; j < down.starts[y + 1]!; j++) {
      const weight = down.weights[j]!;
      const from = down.pixels[j]! * row;
      for (let i = 0; i < row; i++) out[y * row + i]! += weight * narrow[from + i]!;
    }
  }
  return Float32Array.from(out);
}

/**
 * What each of `to` places along an axis of `from` pixels is made of: place k of the pixels `starts[k]` to `starts[k + 1]` of the
 * list, each with its weight.
 */
function coverage(from: number, to: number): { starts: Int32Array; pixels: Int32Array; weights: Float64Array } {
  const starts = new Int32Array(to + 1);
  const pixels: number[] = [];
  const weights: number[] = [];
  for (let place = 0; place < to; place++) {
    const start = (place * from) / to;
    const end = ((place + 1) * from) / to;
    // Rounding must not add a pixel of no width, which may lie outside.
    for (let pixel = Math.floor(start); pixel < Math.max(Math.floor(start) + 1, Math.ceil(end - 1e-9)); pixel++) {
      pixels.push(pixel);
      weights.push((Math.min(pixel + 1, end) - Math.max(pixel, start)) / (end - start));
    }
    starts[place + 1] = pixels.length;
  }
  return { starts, pixels: Int32Array.from(pixels), weights: Float64Array.from(weights) };
}
