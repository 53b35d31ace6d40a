import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { headerIn } from './image-header.ts';
import { resizeByArea } from './resize.ts';

export interface ImageForm {
  /** Height and width of the result. */
  readonly size: readonly [number, number];
  readonly channels: 1 | 3;
  readonly scale: number;
}

/**
 * Decodes PNG (1 to 16 bits) or JPEG to [height, width, channels]: values 0 to 255, resized, divided by `scale`. Of 16 bits none
 * is lost: 65535 is 255. Grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601); grey images give three equal channels.
 * Transparency does not count. @throws Error with the decoder's words
 */
export function decodeImage(bytes: Buffer, { size, channels, scale }: ImageForm): Float32Array {
  const { width, height, data, stride, unit } = pixelsOf(bytes);
  const values = new Float32Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const red = data[i * stride]!;
    const green = data[i * stride + 1]!;
    const blue = data[i * stride + 2]!;
    if (channels === 1) {
      values[i] = (299 * red + 587 * green + 114 * blue) / 1000 / unit;
    } else {
      values[i * 3] = red / unit;
      values[i * 3 + 1] = green / unit;
      values[i * 3 + 2] = blue / unit;
    }
  }
  const resized = resizeByArea({ width, height, channels, values }, size);
  for (let i = 0; scale !== 1 && i < resized.length; i++) resized[i]! /= scale;
  return resized;
}

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: ArrayLike<number>;
  /** Numbers a pixel, of which the first three are red, green and blue. */
  readonly stride: number;
  /** What of `data` is one of 255. */
  readonly unit: number;
}

function pixelsOf(bytes: Buffer): Pixels {
  if (headerIn(bytes)?.format === 'png') {
    const deep = bytes[24] === 16;
    // pngjs would round 16 bits to 8; left as they are, they come in an array of 16-bit numbers.
    const { width, height, data } = PNG.sync.read(bytes, { skipRescale: deep });
    return { width, height, data, stride: 4, unit: deep ? 257 : 1 };
  }
  const { width, height, data } = jpeg.decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxMemoryUsageInMB: 2048,
  });
  return { width, height, data, stride: 3, unit: 1 };
}
