import { describe, expect, it } from 'vitest';
import { randomStream } from '../random.ts';
import { matrixOf } from './claims.ts';
import { addScaled, combineRows } from './combine.ts';

const random = randomStream(4, 'combine');

describe('combineRows', () => {
  it.each([
    [0, 9],
    [1, 2048],
    [2, 2049],
    [5, 5000],
  ])('adds %i rows of %i values in order, bit for bit as one row after the other', (count, length) => {
    const rows = matrixOf('random', count, random, length);
    const weights = rows.map(() => random.normal());
    const sum = new Float64Array(count ? length : 0);
    rows.forEach((row, k) => addScaled(sum, row, weights[k]!));
    expect(combineRows(rows, weights)).toEqual(Float32Array.from(sum));
  });

  it('keeps the order of the rows: another order rounds differently', () => {
    const rows = [1e8, 1, -1e8].map((value) => Float32Array.of(value));
    expect([...combineRows(rows, [1e9, 1, 1e9])]).toEqual([0]);
    expect([...combineRows([rows[0]!, rows[2]!, rows[1]!], [1e9, 1e9, 1])]).toEqual([1]);
  });

  it('does not read a row of weight 0', () => {
    const rows = [Float32Array.of(1, 2), Float32Array.of(NaN, Infinity), Float32Array.of(3, 4)];
    expect([...combineRows(rows, [1, 0, 2])]).toEqual([7, 10]);
  });
});
