import { describe, expect, it } from 'vitest';
import { randomStream } from '../random.ts';
import { matrixOf } from './claims.ts';
import { gramianOf } from './gramian.ts';

const random = randomStream(3, 'gramian');

describe('gramianOf', () => {
  it.each([
    [0, 5],
    [1, 1],
    [2, 4096],
    [3, 4097],
    [5, 8195],
    [16, 1000],
  ])('is the matrix of inner products for %i rows of %i values', (count, length) => {
    const rows = matrixOf('random', count, random, length);
    const gramian = gramianOf(rows);
    expect(gramian.length).toBe(count * count);
    rows.forEach((a, i) =>
      rows.forEach((b, j) => {
        const plain = a.reduce((sum, value, at) => sum + value * b[at]!, 0);
        expect(Math.abs(gramian[i * count + j]! - plain)).toBeLessThan(1e-12 * length);
      }),
    );
  });

  it('gives each pair of rows the same bits wherever they stand and whoever else is there', () => {
    const rows = matrixOf('random', 7, random, 9001);
    const whole = gramianOf(rows);
    for (const [i, j] of [
      [0, 1],
      [2, 5],
      [6, 3],
      [4, 6],
    ] as const) {
      const pair = gramianOf([rows[i]!, rows[j]!]);
      expect([pair[0], pair[1], pair[3]]).toEqual([whole[i * 8], whole[i * 7 + j], whole[j * 8]]);
      expect(pair[2]).toBe(whole[j * 7 + i]);
    }
  });

  it('marks a row that is not finite on its diagonal and leaves pairs of others alone', () => {
    const rows = matrixOf('random', 5, random, 300);
    const clean = gramianOf(rows);
    rows[2]![299] = NaN;
    const marked = gramianOf(rows);
    for (let i = 0; i < 5; i++) {
      for (let j = 0; j < 5; j++) {
        if (i === 2 || j === 2) expect(marked[i * 5 + j]).toBeNaN();
        else expect(marked[i * 5 + j]).toBe(clean[i * 5 + j]);
      }
    }
  });
});
