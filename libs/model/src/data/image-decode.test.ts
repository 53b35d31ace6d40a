import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './image-decode.ts';

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name));
const decode = (name: string, height: number, width: number, channels: 1 | 3 = 1) =>
  decodeImage(fixture(name), { size: [height, width], channels, scale: 1 });
const sum = (values: Float32Array) => values.reduce((a, b) => a + b, 0);

/** Expected numbers: the files read by Pillow 12 and averaged by NumPy; grey is 0.299 R + 0.587 G + 0.114 B there too. */
describe('decoding', () => {
  it.each([
    ['rgb8', [153.181, 146.83, 193.85], 17287.108, [163.07675, 195.24869, 195.98825, 173.10175, 184.25569, 168.77312]],
    [
      'palette',
      [151.166, 151.166, 193.512],
      17264.435,
      [164.3065, 196.04275, 196.51963, 173.29931, 182.71263, 166.14637],
    ],
    ['grey-alpha', [153, 147, 194], 17287, [163.0625, 195.25, 195.9375, 173.125, 184.25, 168.8125]],
    [
      'grey16',
      [153, 147.00389, 194.00778],
      17304.743,
      [163.13838, 195.34144, 196.0445, 173.38765, 184.52821, 169.10627],
    ],
    ['grey2', [85, 0, 255], 16405, [106.25, 244.375, 244.375, 138.125, 180.625, 111.5625]],
  ])('reads PNG as another decoder does: %s', (name, first, total, means) => {
    const whole = decode(`depths/${name}.png`, 8, 12);
    expect(whole.length).toBe(96);
    for (const [i, value] of first.entries()) expect(whole[i]).toBeCloseTo(value, 3);
    expect(sum(whole)).toBeCloseTo(total, 1);
    const small = decode(`depths/${name}.png`, 2, 3);
    for (const [i, value] of means.entries()) expect(small[i]).toBeCloseTo(value, 3);
  });

  it('reads drawings of one bit', () => {
    expect(sum(decode('greek/character01/0394_01.png', 105, 105))).toBe(10203 * 255);
    const row = decode('greek/character01/0394_01.png', 35, 35).subarray(350, 385);
    const expected = [255, 141.6667, 0, 141.6667, 255, 255, 170, 0, 141.6667, 255, 0, 85, 255];
    for (const [i, value] of expected.entries()) expect(row[10 + i]).toBeCloseTo(value, 3);
  });

  it('reads JPEG within the rounding of another decoder', () => {
    // Decoders may differ in how they round and smooth colours: by less than 1 of 255 over a block of 120 x 160.
    const expected = [166.69, 195.13, 197.39, 183.55, 164.13, 185.72, 174.08, 190.12, 183.55, 191.67, 181.53, 186.53];
    const blocks = decode('blood.jpg', 4, 4);
    for (const [i, value] of expected.entries()) expect(Math.abs(blocks[i]! - value)).toBeLessThan(1);
    const colours = decode('blood.jpg', 1, 1, 3);
    for (const [i, value] of [192.519, 179.281, 181.313].entries()) {
      expect(Math.abs(colours[i]! - value)).toBeLessThan(1);
    }
  });

  it('gives a grey image three equal channels, and divides by the scale', () => {
    const [one, three] = [decode('depths/grey2.png', 8, 12), decode('depths/grey2.png', 8, 12, 3)];
    expect(Array.from(three)).toEqual(Array.from(one).flatMap((value) => [value, value, value]));
    const scaled = decodeImage(fixture('depths/grey2.png'), { size: [8, 12], channels: 1, scale: 255 });
    expect(scaled[2]).toBe(1);
  });

  it('refuses an image whose inside is damaged', () => {
    const png = Buffer.from(fixture('depths/rgb8.png'));
    png.fill(0, 50, 60);
    expect(() => decodeImage(png, { size: [8, 12], channels: 1, scale: 1 })).toThrow();
  });
});
