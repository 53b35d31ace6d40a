import fc from 'fast-check';
import { expect, it } from 'vitest';
import { allFinite } from './finite.ts';

it('is what Number.isFinite says of each value, wherever it stands and however long the vector is', () => {
  fc.assert(
    fc.property(fc.array(fc.float(), { maxLength: 40 }), (values) => {
      // Begins in the middle of its memory, as rows of a batch do.
      const row = new Float32Array([NaN, ...values, Infinity]).subarray(1, values.length + 1);
      expect(allFinite(row)).toBe(values.every(Number.isFinite));
    }),
  );
  expect(allFinite(new Float32Array([3.4028234663852886e38, -3.4028234663852886e38, 1e-45, -0]))).toBe(true);
  for (const value of [NaN, Infinity, -Infinity])
    for (let place = 0; place < 9; place++)
      expect(allFinite(new Float32Array(9).fill(value, place, place + 1))).toBe(false);
});
