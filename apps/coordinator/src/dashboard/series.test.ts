import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BUCKETS, cutFrom, emptySeries, pointsOf, push } from './series.ts';

it('never holds more than its buckets, and loses neither the mean nor the extremes', () => {
  const value = fc.double({ min: -1e3, max: 1e3, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 2_000 }),
      fc.integer({ min: 1, max: 50 }),
      (values, every) => {
        const series = emptySeries();
        values.forEach((one, i) => push(series, i * every, one));
        expect(series.buckets.length).toBeLessThanOrEqual(BUCKETS);
        const counted = series.buckets.reduce((sum, [, count]) => sum + count, 0);
        const summed = series.buckets.reduce((sum, [, , part]) => sum + part, 0);
        expect(counted).toBe(values.length);
        expect(summed).toBeCloseTo(
          values.reduce((sum, one) => sum + one, 0),
          6,
        );
        expect(Math.min(...series.buckets.map(([, , , least]) => least))).toBe(Math.min(...values));
        expect(Math.max(...series.buckets.map(([, , , , most]) => most))).toBe(Math.max(...values));
      },
    ),
    { seed: 7, numRuns: 60 },
  );
});

it('leaves a gap for what is not finite, and forgets what a run went back from', () => {
  const series = emptySeries();
  [1, null, 3, NaN, 5].forEach((value, round) => push(series, round, value));
  expect(pointsOf(series).x).toEqual([0, 2, 4]);
  cutFrom(series, 3);
  expect(pointsOf(series)).toMatchObject({ x: [0, 2], mean: [1, 3] });
});
