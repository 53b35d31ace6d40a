import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clipScale, normOf } from './clip-norm.ts';
import { createOptimizer } from './index.ts';

const gradients = fc.float32Array({ minLength: 1, maxLength: 40, noNaN: true, noDefaultInfinity: true });

it('a longer gradient is moved along by exactly `clipNorm`, a shorter one as it is', () => {
  const moved = (gradient: number[], clipNorm: number) => {
    const optimizer = createOptimizer({ sgd: { learningRate: 1, clipNorm } });
    const values = new Float32Array(gradient.length);
    optimizer.update(values, Float32Array.from(gradient), optimizer.init(gradient.length));
    return [...values];
  };
  expect(moved([-3, -4], 5)).toEqual([3, 4]);
  expect(moved([-3, -4], 2.5)).toEqual([1.5, 2]);
  expect(moved([0, 0], 1)).toEqual([0, 0]);
});

it('the scaled length is never above the limit by more than rounding, whatever the scale of the gradient', () => {
  fc.assert(
    fc.property(gradients, fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (gradient, limit) => {
      const norm = normOf(gradient);
      const after = norm * clipScale(gradient, limit);
      expect(after).toBeLessThanOrEqual(limit * (1 + 1e-15));
      if (norm > limit) expect(after).toBeGreaterThanOrEqual(limit * (1 - 1e-15));
      else expect(clipScale(gradient, limit)).toBe(1);
    }),
    { seed: 1 },
  );
});

it('the largest float32 values do not overflow', () => {
  expect(normOf(Float32Array.of(3.4e38, 3.4e38)) / (3.4e38 * Math.SQRT2)).toBeCloseTo(1, 6);
});
