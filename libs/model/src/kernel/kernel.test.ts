import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../random.ts';
import { plain, wasmKernels, type Kernels, type Room } from './index.ts';

const wasm = wasmKernels()!;
const LENGTHS = [0, 1, 2, 3, 4, 5, 8, 9, 15, 17, 31, 129, 1023, 1025, 2047, 4097, 34_001];
const SPECIAL = [0, -0, 1, -1, 2 ** -149, -(2 ** -149), 2 ** -126, 3.4e38, -3.4e38, 1e-38, 65504, 65520, 1 / 3];
const random = randomStream(8, 'kernels');

/** Values of every size, with some of `special` strewn in. */
function vector(length: number, special: readonly number[] = SPECIAL): Float32Array {
  return Float32Array.from({ length }, () =>
    random.uniform() < 0.1
      ? special[Math.floor(random.uniform() * special.length)]!
      : random.normal() * 10 ** (8 * random.uniform() - 6),
  );
}
const vectors = (count: number, length: number, special?: readonly number[]) =>
  Array.from({ length: count }, () => vector(length, special));
const WILD = [...SPECIAL, NaN, Infinity, -Infinity];

/** What a kernel makes of vectors in ordinary memory and in a room, beside what the definition makes of them. */
function sameBits(run: (kernels: Kernels, place: <A extends Float32Array | Float64Array>(values: A) => A) => unknown) {
  const room = wasm.room(6_000_000);
  const inRoom = <A extends Float32Array | Float64Array>(values: A): A => {
    const own = (values instanceof Float32Array ? room.float32 : room.float64)(values.length) as A;
    own.set(values);
    return own;
  };
  const expected = run(plain, (values) => values.slice() as typeof values);
  let turn = 0;
  const everySecond: typeof inRoom = (values) => (turn++ % 2 ? inRoom(values) : (values.slice() as typeof values));
  for (const place of [undefined, inRoom, everySecond]) {
    const [theirs, ours] = [
      vectorsIn(expected),
      vectorsIn(run(wasm, place ?? ((values) => values.slice() as typeof values))),
    ];
    expect(ours.map(({ length }) => length)).toEqual(theirs.map(({ length }) => length));
    // A loop: `toEqual` takes a microsecond a value.
    const differ = theirs.flatMap((vector, k) =>
      vector.every((value, i) => Object.is(value, ours[k]![i])) ? [] : [[ours[k], vector]],
    );
    expect(differ).toEqual([]);
  }
}

/** All numbers and vectors of a result, in order. */
function vectorsIn(result: unknown): (readonly number[] | Float32Array)[] {
  if (ArrayBuffer.isView(result)) return [result as Float32Array];
  if (typeof result !== 'object' || result === null) return [[Number(result)]];
  return Object.values(result).flatMap(vectorsIn);
}

const sameBytes = (a: Float32Array, b: Float32Array): boolean =>
  Buffer.compare(Buffer.from(a.slice().buffer), Buffer.from(b.slice().buffer)) === 0;

it('this machine has WebAssembly SIMD, so that both implementations are tested', () => {
  expect(wasm.name).toBe('wasm');
});

describe('in WebAssembly as in TypeScript, bit for bit, wherever the vectors lie:', () => {
  it.each(LENGTHS)('sums, squares and roundings of %i values', (length) => {
    for (const count of [0, 1, 2, 7, 8, 9, 17]) {
      const rows = vectors(count, length, count === 9 ? WILD : SPECIAL);
      const weights = rows.map(() => random.normal());
      sameBits((kernels, place) => {
        const into = place(new Float32Array(length).fill(9));
        kernels.weightedSum(rows.map(place), weights, into);
        return into;
      });
    }
    const [row] = vectors(1, length, WILD);
    const finite = vector(length);
    sameBits((kernels, place) => {
      const sum = place(Float64Array.from(finite, (value) => value / 3));
      kernels.accumulate(sum, place(row!), 0.7);
      kernels.accumulate(sum, place(row!), 1);
      const rounded = place(new Float32Array(length));
      kernels.roundScaled(sum, 0.3, rounded);
      return [sum, rounded, kernels.sumOfSquares(place(finite)), kernels.sumOfSquares(place(row!))];
    });
  });

  it.each([1, 2, 3, 4, 5, 6, 8, 13, 65])('the Gramian of %i rows', (count) => {
    for (const length of count > 60 ? [5] : [0, 1, 2, 5, 130, 4095, 4097]) {
      const rows = vectors(count, length, length === 130 ? WILD : SPECIAL);
      sameBits((kernels, place) => kernels.gramian(rows.map(place)));
    }
  });

  it.each([1, 2, 3, 4, 5, 8, 9, 67])(
    'medians and trimmed means of %i rows, −0 and 0 in the order of the rows',
    (count) => {
      for (const length of [1, 3, 4, 5, 2049]) {
        const rows = vectors(count, length);
        sameBits((kernels, place) => kernels.medians(rows.map(place)));
        sameBits((kernels, place) => kernels.trimmedMeans(rows.map(place), Math.min(2, (count - 1) >> 1)));
      }
    },
  );

  it.each(LENGTHS)('optimiser steps of %i values', (length) => {
    const step = { rate: 0.013, scale: 0.7, weightDecay: 0.01 };
    const [values, gradient, m] = vectors(3, length);
    const v = vector(length).map(Math.abs);
    sameBits((kernels, place) => {
      const [sgd, moved, nesterov, adam] = [values!, values!, values!, values!].map(place);
      const [first, second, mean, square] = [m!, m!, m!, v].map(place);
      kernels.sgd(sgd!, place(gradient!), step);
      kernels.momentum(moved!, place(gradient!), first!, { ...step, momentum: 0.9, nesterov: false });
      kernels.momentum(nesterov!, place(gradient!), second!, { ...step, momentum: 0.9, nesterov: true });
      const given = { rate: 0.013, scale: 0.7, beta1: 0.9, beta2: 0.999, floor: 1e-7 };
      const moments = { m: mean!, v: square! };
      kernels.adaptive(adam!, place(gradient!), moments, { ...given, unbias: 1.3, decay: 0.01 });
      return [sgd, moved, nesterov, adam, first, second, mean, square];
    });
    sameBits((kernels, place) => {
      const given = { rate: 0.013, scale: 0.7, beta1: 0.9, beta2: 0.99, floor: 1e-3 };
      const [yogi, added, mean, square, squares] = [values!, values!, m!, v, v].map(place);
      kernels.adaptive(yogi!, place(gradient!), { m: mean!, v: square! }, { ...given, yogi: true });
      kernels.adaptive(added!, place(gradient!), { v: squares! }, { ...given, beta2: 1, adds: 1, inside: 1e-7 });
      return [yogi, added, mean, square, squares];
    });
  });

  it.each(LENGTHS)('number formats of %i values', (length) => {
    const wild = vector(length, WILD);
    sameBits((kernels, place) => {
      const half = new Uint16Array(length);
      const brain = new Uint16Array(length);
      kernels.encodeFloat16(place(wild), half);
      kernels.encodeBfloat16(place(wild), brain);
      const [back, again] = [place(new Float32Array(length)), place(new Float32Array(length))];
      kernels.decodeFloat16(half, back);
      kernels.decodeBfloat16(brain, again);
      return [half, brain, back, again];
    });
    const values = vector(length, [0, -0, 1e-44, 1e-37, 5]);
    const rest = vector(length, [0, -0]);
    for (const chunk of [1, 16, 50, 1024]) {
      sameBits((kernels, place) => {
        const scales = new Float32Array(Math.ceil(length / chunk));
        const coded = { codes: new Int8Array(length), scales, chunk };
        const residual = place(rest);
        const finite = kernels.encodeInt8(place(values), residual, coded);
        const back = place(new Float32Array(length));
        kernels.decodeInt8(coded, back);
        return [finite, coded, residual, back];
      });
    }
    sameBits((kernels, place) => {
      const [residual, velocity] = [place(rest), place(rest)];
      kernels.add(residual, place(values));
      kernels.feedbackVelocity(residual, velocity, place(values), 0.9);
      return [residual, velocity];
    });
    for (const count of [0, 1, 3, length >> 1, length, length + 5]) {
      for (const given of [values, values.map(Math.sign)]) {
        sameBits((kernels, place) => kernels.largest(place(given), count));
      }
    }
  });

  it.each([...LENGTHS, 4095, 4096, 8195])('differences of %i values', (length) => {
    const before = vector(length, WILD);
    const step = (i: number, value: number) => (i % 7 === 0 ? value : i % 5 === 0 ? -value : value * (1 + 1e-4));
    for (const now of [before, before.map((value, i) => step(i, value)), vector(length, WILD)]) {
      sameBits((kernels, place) => {
        const into = new Uint8Array(length * 5 + 2);
        const [old, back] = [place(before), place(new Float32Array(length))];
        const bytes = kernels.encodeDelta(old, place(now), into)!;
        const exact = kernels.decodeDelta(old, into.subarray(0, bytes), back) && sameBytes(back, now);
        const tooShort = bytes === 0 ? null : kernels.encodeDelta(old, place(now), new Uint8Array(bytes - 1));
        const tooLong = kernels.decodeDelta(old, into.subarray(0, bytes + 1), new Float32Array(length));
        expect([exact, tooShort, tooLong]).toEqual([true, null, false]);
        return [into, bytes, back];
      });
    }
  });

  it.each<[string, (i: number, value: number) => number]>([
    ['as they come', (_i, value) => value],
    ['of one magnitude', (_i, value) => Math.sign(value)],
    ['of few magnitudes', (_i, value) => Math.round(value)],
    ['nearly all zero', (i, value) => (i % 1000 === 3 ? value : 0)],
    ['large at every eleventh place alone', (i, value) => (i % 11 === 0 ? 1e6 + value : value)],
    ['small at every eleventh place alone', (i, value) => (i % 11 === 0 ? 1e-6 * value : value)],
    ['with one that is not finite', (i, value) => (i === 77_777 ? Infinity : value)],
  ])('the largest entries of a long vector, its values %s', (_what, shape) => {
    // A sample of it is every eleventh.
    const values = vector(180_225, [0]).map((value, i) => shape(i, value));
    for (const count of [0, 1, 1_802, 18_022, 90_000]) {
      sameBits((kernels, place) => kernels.largest(place(values), count));
    }
  });

  it('whatever the lengths, rows and weights', () => {
    const sizes = fc.record({ count: fc.nat(20), length: fc.nat(3000), weight: fc.double({ noNaN: true }) });
    fc.assert(
      fc.property(sizes, ({ count, length, weight }) => {
        const rows = vectors(count, length);
        sameBits((kernels, place) => {
          const into = place(new Float32Array(length));
          kernels.weightedSum(
            rows.map(place),
            rows.map((_, k) => (k % 2 ? weight : 1 / 3)),
            into,
          );
          return [into, kernels.gramian(rows.map(place))];
        });
      }),
      { seed: 1, numRuns: 10 },
    );
  });
});

it.each([
  ['plain', plain],
  ['wasm', wasm],
])('%s: every float16 and bfloat16 is decoded and encoded again to itself', (_, kernels) => {
  const codes = Uint16Array.from({ length: 65536 }, (_code, i) => i);
  const values = new Float32Array(65536);
  const again = new Uint16Array(65536);
  kernels.decodeFloat16(codes, values);
  expect([0x3c00, 1, 0x7bff, 0xfc00].map((code) => values[code])).toEqual([1, 2 ** -24, 65504, -Infinity]);
  kernels.encodeFloat16(values, again);
  const number = (value: number) => !Number.isNaN(value);
  expect(again.filter((_code, i) => number(values[i]!))).toEqual(codes.filter((_code, i) => number(values[i]!)));
  kernels.decodeBfloat16(codes, values);
  kernels.encodeBfloat16(values, again);
  expect(again.filter((_code, i) => number(values[i]!))).toEqual(codes.filter((_code, i) => number(values[i]!)));
});

it('a difference is written by hand as the kernels write it, and nothing that is shorter or longer is read', () => {
  const before = Float32Array.of(1, 1, -2, 0, 0.5);
  // Bits further by 0, by −1 (zigzag 1), by 2¹⁶ (2¹⁷), by 2³¹ (2³² − 1), and by 5 (10).
  const bits = new Int32Array(before.slice().buffer).map((old, i) => old + [0, -1, 65536, 2 ** 31, 5][i]!);
  const now = new Float32Array(bits.buffer);
  const expected = [0b1100_1010, 0b0001, 1, 0, 0, 0, 2, 255, 255, 255, 255, 10, 0];
  for (const kernels of [plain, wasm]) {
    const into = new Uint8Array(20);
    expect(kernels.encodeDelta(before, now, into)).toBe(expected.length);
    expect([...into.subarray(0, expected.length)]).toEqual(expected);
    expect(kernels.encodeDelta(before, now, new Uint8Array(expected.length - 1))).toBeNull();
    const back = new Float32Array(5);
    expect(kernels.decodeDelta(before, Uint8Array.from(expected), back)).toBe(true);
    expect(new Int32Array(back.buffer)).toEqual(bits);
    for (const other of [expected.slice(0, -1), [...expected, 0], expected.slice(0, 1)]) {
      expect(kernels.decodeDelta(before, Uint8Array.from(other), back)).toBe(false);
    }
  }
});

it('int8 says that a value is not finite, and keeps what it does not send', () => {
  const values = Float32Array.of(1, -2, 0.003, 0);
  for (const kernels of [plain, wasm]) {
    const coded = { codes: new Int8Array(4), scales: new Float32Array(1), chunk: 4 };
    const residual = new Float32Array(4);
    expect(kernels.encodeInt8(values, residual, coded)).toBe(true);
    expect([...coded.codes]).toEqual([64, -127, 0, 0]);
    coded.codes.forEach((code, i) => expect(code * coded.scales[0]! + residual[i]!).toBeCloseTo(values[i]!, 7));
    for (const odd of [NaN, Infinity]) {
      expect(kernels.encodeInt8(Float32Array.of(1, odd, 0, 0), new Float32Array(4), coded)).toBe(false);
      expect(kernels.largest(Float32Array.of(1, odd), 1)).toBeNull();
    }
  }
});

it('a room that is used up gives ordinary arrays, and vectors inside of one another’s memory never overlap', () => {
  const room: Room = wasm.room(100_000);
  const taken = Array.from({ length: 9 }, () => room.float32(5000));
  taken.forEach((values, k) => values.fill(k));
  taken.forEach((values, k) => expect(new Set(values)).toEqual(new Set([k])));
  expect(new Set(taken.map(({ buffer }) => buffer)).size).toBeGreaterThan(1);
});
