import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resizeByArea } from './resize.ts';

const row = (...values: number[]) => ({
  width: values.length,
  height: 1,
  channels: 1,
  values: Float32Array.from(values),
});

describe('resizing by area', () => {
  it('counts parts of pixels by their part', () => {
    // Each of two pixels covers one and a half of three: (a + b/2) / 1.5 and (b/2 + c) / 1.5.
    expect(resizeByArea(row(3, 6, 12), [1, 2])).toEqual(Float32Array.of(4, 10));
    expect(resizeByArea(row(1, 3), [2, 4])).toEqual(Float32Array.of(1, 1, 3, 3, 1, 1, 3, 3));
  });

  it('keeps channels apart', () => {
    const image = { width: 2, height: 1, channels: 2, values: Float32Array.of(1, 10, 3, 30) };
    expect(resizeByArea(image, [1, 1])).toEqual(Float32Array.of(2, 20));
  });

  it('keeps the mean of the image and never leaves the range of its values', () => {
    const side = fc.integer({ min: 1, max: 13 });
    fc.assert(
      fc.property(fc.tuple(side, side), fc.tuple(side, side), fc.nat(99), ([height, width], to, salt) => {
        const values = Float32Array.from({ length: height * width }, (_, i) => ((i + salt) * 7919) % 256);
        const small = resizeByArea({ width, height, channels: 1, values }, to);
        const mean = (of: Float32Array) => of.reduce((a, b) => a + b, 0) / of.length;
        expect(mean(small)).toBeCloseTo(mean(values), 3);
        expect(Math.max(...small)).toBeLessThanOrEqual(Math.max(...values) + 1e-4);
        expect(Math.min(...small)).toBeGreaterThanOrEqual(Math.min(...values) - 1e-4);
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  it('leaves an image of the size asked for as it is', () => {
    const image = row(1, 2, 3);
    expect(resizeByArea(image, [1, 3])).toBe(image.values);
  });
});
