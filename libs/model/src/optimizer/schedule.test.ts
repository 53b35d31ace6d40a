import { describe, expect, it } from 'vitest';
import { createOptimizer } from './index.ts';
import { factorAt, scheduleSchema } from './schedule.ts';

const factors = (schedule: unknown, steps: number[]) =>
  steps.map((step) => factorAt(scheduleSchema.parse(schedule), step));

describe('factorAt', () => {
  it('is 1 without a schedule and for `constant`', () => {
    expect(factorAt(undefined, 7)).toBe(1);
    expect(factors('constant', [0, 1000])).toEqual([1, 1]);
  });

  it('steps down every so many updates', () => {
    expect(factors({ step: { every: 100, factor: 0.5 } }, [0, 99, 100, 199, 200])).toEqual([1, 1, 0.5, 0.5, 0.25]);
  });

  it('falls by half a cosine from 1 to `final`, and stays there', () => {
    const [first, quarter, middle, last, after] = factors(
      { cosine: { rounds: 500, final: 0.1 } },
      [0, 125, 250, 500, 900],
    );
    expect(first).toBe(1);
    expect(quarter).toBeCloseTo(0.1 + 0.9 * (0.5 + Math.SQRT1_2 / 2), 12);
    expect(middle).toBeCloseTo(0.55, 12);
    expect(last).toBeCloseTo(0.1, 12);
    expect(after).toBe(last);
  });

  it('rises in equal steps first, then begins the schedule', () => {
    expect(factors({ step: { every: 2, factor: 0.5, warmup: 4 } }, [0, 1, 2, 3, 4, 5, 6])).toEqual([
      0.25, 0.5, 0.75, 1, 1, 1, 0.5,
    ]);
    const cosine = factors({ cosine: { rounds: 14, warmup: 4 } }, [0, 3, 4, 9, 14]);
    [0.25, 1, 1, 0.5, 0].forEach((expected, i) => expect(cosine[i]).toBeCloseTo(expected, 12));
  });
});

it('the optimiser applies the factor of its own update count', () => {
  const optimizer = createOptimizer({
    sgd: { learningRate: 1, schedule: { step: { every: 2, factor: 0.5, warmup: 2 } } },
  });
  const values = Float32Array.of(0);
  const state = optimizer.init(1);
  const seen = [1, 2, 3, 4, 5].map(() => {
    optimizer.update(values, Float32Array.of(-1), state);
    return values[0];
  });
  expect(seen).toEqual([0.5, 1.5, 2.5, 3.5, 4]);
});
