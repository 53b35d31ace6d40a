import fc from 'fast-check';
import { expect, it } from 'vitest';
import { deltaM, deltaOf, type Better } from './index.ts';

it('a gain is positive whichever way the metric is better', () => {
  expect(deltaOf({ together: 0.75, alone: 0.5, better: 'higher' })).toBe(0.25);
  expect(deltaOf({ together: 0.5, alone: 0.75, better: 'lower' })).toBe(0.25);
  expect(deltaOf({ together: null, alone: 0.5, better: 'higher' })).toBeUndefined();
});

it('Δm is the mean gain in % of |alone|', () => {
  const tasks = [
    { task: 'a', together: 0.6, alone: 0.5, better: 'higher' },
    { task: 'b', together: 3, alone: 4, better: 'lower' },
    { task: 'c', together: -1, alone: -2, better: 'higher' },
  ] as const;
  const found = deltaM(tasks);
  expect(found.deltaM).toBeCloseTo((20 + 25 + 50) / 3, 12);
  expect(found.leftOut).toEqual([]);
});

it('tasks without a relative gain are left out and named with the reason', () => {
  const better = 'higher' as const;
  const tasks = [
    { task: 'undefined', together: undefined, alone: 0.5, better },
    { task: 'null', together: 0.5, alone: null, better },
    { task: 'zero', together: 0.5, alone: 0, better },
    { task: 'fine', together: 0.55, alone: 0.5, better },
  ];
  const found = deltaM(tasks);
  expect(found.deltaM).toBeCloseTo(10, 12);
  expect(found.leftOut).toEqual([
    { task: 'undefined', reason: 'undefined' },
    { task: 'null', reason: 'undefined' },
    { task: 'zero', reason: 'alone is 0' },
  ]);
  expect(deltaM(tasks.slice(0, 3)).deltaM).toBeUndefined();
});

it('is positive when every task gains, and unchanged when a metric is measured in another unit', () => {
  const task = fc.record({
    alone: fc.double({ min: 0.01, max: 100, noNaN: true }),
    gain: fc.double({ min: 1e-3, max: 0.5, noNaN: true }),
    better: fc.constantFrom<Better[]>('higher', 'lower'),
  });
  fc.assert(
    fc.property(fc.array(task, { minLength: 1 }), (given) => {
      const measured = (unit: number) =>
        deltaM(
          given.map(({ alone, gain, better }, i) => ({
            task: `t${i}`,
            alone: alone * unit,
            together: alone * unit * (better === 'higher' ? 1 + gain : 1 - gain),
            better,
          })),
        ).deltaM!;
      expect(measured(1)).toBeGreaterThan(0);
      expect(measured(1000)).toBeCloseTo(measured(1), 8);
    }),
    { seed: 1 },
  );
});
