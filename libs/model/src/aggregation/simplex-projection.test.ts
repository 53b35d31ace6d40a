import fc from 'fast-check';
import { expect, it } from 'vitest';
import { projectOnSimplex } from './simplex-projection.ts';

const points = fc
  .array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 8 })
  .map((values) => Float64Array.from(values));

it('gives the nearest point of the simplex: what it moves positive entries by is equal, and no less for the others', () => {
  fc.assert(
    fc.property(points, (point) => {
      const nearest = projectOnSimplex(point);
      const moves = point.map((value, k) => value - nearest[k]!);
      const shift = Math.max(...moves.filter((_, k) => nearest[k]! > 0));
      expect(Math.min(...nearest)).toBeGreaterThanOrEqual(0);
      expect(nearest.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 10);
      moves.forEach((move, k) => {
        if (nearest[k]! > 0) expect(Math.abs(move - shift)).toBeLessThan(1e-10);
        else expect(move).toBeLessThanOrEqual(shift + 1e-10);
      });
    }),
    { seed: 1, numRuns: 300 },
  );
});

it('sums to 1 for points however far away', () => {
  expect([...projectOnSimplex(Float64Array.of(1e200, 1e200, -1e200))]).toEqual([0.5, 0.5, 0]);
});
