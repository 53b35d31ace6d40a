import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomStream } from '../random.ts';
import { sizeOf, type Shape } from '../layout.ts';
import { fans, initialize } from './initialize.ts';
import type { InitializerName } from './layer.ts';

const draw = (initializer: InitializerName, shape: Shape, seed = 1) =>
  initialize({ name: 'kernel', shape, initializer }, randomStream(seed, initializer));

const moments = (values: Float32Array) => {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return { mean, variance: values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length };
};

test('counts fans as Keras does: the window of a convolution multiplies both', () => {
  expect(fans([300, 50])).toEqual([300, 50]);
  expect(fans([3, 5, 16, 32])).toEqual([3 * 5 * 16, 3 * 5 * 32]);
  expect(fans([7])).toEqual([7, 7]);
});

describe('variance and bound are those of the definition', () => {
  const shapes: Shape[] = [
    [200, 300],
    [3, 3, 40, 100],
  ];
  const scale = { glorot: 1, he: 2, lecun: 1 };
  const cases = shapes.flatMap((shape) =>
    (['glorot', 'he', 'lecun'] as const).flatMap((family) =>
      (['Uniform', 'Normal'] as const).map((kind) => [`${family}${kind}`, shape, family, kind] as const),
    ),
  );
  test.each(cases)('%s of %j', (name, shape, family, kind) => {
    const [fanIn, fanOut] = fans(shape);
    const expected = scale[family] / (family === 'glorot' ? (fanIn + fanOut) / 2 : fanIn);
    const values = draw(name, shape);
    const { mean, variance } = moments(values);
    // Standard errors of 36,000 and more draws: mean σ/190, variance 0.75 %. Both bounds are over four of them.
    expect(Math.abs(mean)).toBeLessThan(0.025 * Math.sqrt(expected));
    expect(Math.abs(variance / expected - 1)).toBeLessThan(0.03);
    const bound = Math.sqrt(expected) * (kind === 'Uniform' ? Math.sqrt(3) : 2 / 0.87962566103423978);
    const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expect(largest).toBeLessThanOrEqual(bound * (1 + 1e-6));
    expect(largest).toBeGreaterThan(0.99 * bound);
  });
});

test('randomUniform lies within 0.05, randomNormal has that deviation', () => {
  expect(draw('randomUniform', [10_000]).every((x) => Math.abs(x) <= 0.05)).toBe(true);
  expect(moments(draw('randomUniform', [10_000])).variance).toBeCloseTo(0.05 ** 2 / 3, 4);
  expect(moments(draw('randomNormal', [10_000])).variance).toBeCloseTo(0.05 ** 2, 4);
});

test('orthogonal has orthonormal columns, or rows where it is wide, and fills a convolution as one matrix', () => {
  const shape = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 });
  fc.assert(
    fc.property(shape, fc.nat(), (sides, seed) => {
      const values = draw('orthogonal', sides, seed);
      const columns = sides.at(-1)!;
      const rows = sizeOf(sides) / columns;
      const at = (i: number, j: number) =>
        rows >= columns
          ? [...Array(rows).keys()].map((r) => values[r * columns + i]! * values[r * columns + j]!)
          : [...Array(columns).keys()].map((c) => values[i * columns + c]! * values[j * columns + c]!);
      for (let i = 0; i < Math.min(rows, columns); i++) {
        for (let j = 0; j <= i; j++) {
          expect(at(i, j).reduce((sum, x) => sum + x, 0)).toBeCloseTo(i === j ? 1 : 0, 5);
        }
      }
    }),
    { seed: 7, numRuns: 60 },
  );
});

test('zeros and ones are what they say, and draw no chance', () => {
  const never = { ...randomStream(1), uint32: () => expect.unreachable(), uniform: () => expect.unreachable() };
  const spec = { name: 'bias', shape: [3] };
  expect([...initialize({ ...spec, initializer: 'zeros' }, never as never)]).toEqual([0, 0, 0]);
  expect([...initialize({ ...spec, initializer: 'ones' }, never as never)]).toEqual([1, 1, 1]);
});
