import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createOptimizer } from '../optimizer/index.ts';
import { decodeSafetensors, decodeSnapshot, encodeSafetensors, encodeSnapshot } from './index.ts';

const there = (tree: unknown) => decodeSnapshot(encodeSnapshot(tree));

describe('a tree comes back exactly', () => {
  const array = fc.oneof(
    fc.float32Array({ maxLength: 5 }),
    fc.float64Array({ maxLength: 5 }),
    fc.int32Array({ maxLength: 5 }),
    fc.uint8Array({ maxLength: 5 }),
    fc.uint32Array({ maxLength: 5 }),
    fc.bigInt64Array({ maxLength: 5 }),
  );
  const key = fc.oneof(
    fc.string({ maxLength: 4, unit: 'binary' }),
    fc.constantFrom('a/b', '~', '$array', '$$number', '__metadata__', '__proto__', 'constructor', '', '0'),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(fc.double(), fc.constantFrom(-0, NaN, Infinity, -Infinity, null), fc.boolean(), fc.string(), array),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));

  it('whatever its keys, numbers and arrays', () => {
    fc.assert(
      fc.property(tree, (given) => {
        const back = there(given);
        expect(isDeepStrictEqual(back, given)).toBe(true);
        expect(encodeSnapshot(back)).toEqual(encodeSnapshot(given));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('−0, NaN and infinities, as values and inside arrays', () => {
    const given = { a: [-0, NaN, Infinity, -Infinity, 0.1], b: Float64Array.of(-0, NaN, -Infinity), c: -0 };
    const back = there(given) as typeof given;
    expect(back).toStrictEqual(given);
    expect(Object.is(back.c, -0) && Object.is(back.b[0], -0)).toBe(true);
  });

  it('the bits of a NaN in a float32 array', () => {
    const bits = Uint32Array.of(0x7fc00001, 0xffc12345);
    const back = there({ a: new Float32Array(bits.buffer) }) as { a: Float32Array };
    expect(new Uint32Array(back.a.buffer)).toEqual(bits);
  });

  it('without keys whose value is undefined, with undefined inside an array', () => {
    expect(Object.keys(there({ a: undefined, b: 1 }) as object)).toEqual(['b']);
    expect(there([undefined, 1])).toStrictEqual([undefined, 1]);
    expect(there(undefined)).toBeUndefined();
  });

  it('with two paths that look alike kept apart', () => {
    const given = { 'a/b': { c: Float32Array.of(1) }, a: { 'b/c': Float32Array.of(2), b: { c: Float32Array.of(3) } } };
    expect(there(given)).toStrictEqual(given);
  });

  it('and a part of a larger buffer as that part, in a new array', () => {
    const whole = Float32Array.of(1, 2, 3, 4);
    const back = there({ part: whole.subarray(1, 3) }) as { part: Float32Array };
    expect(back.part).toEqual(Float32Array.of(2, 3));
    expect(back.part.buffer.byteLength).toBe(8);
  });
});

it('an optimiser restored from a snapshot at round r gives the same bytes at R', () => {
  const optimizer = createOptimizer({ adamw: { schedule: { cosine: { rounds: 60, warmup: 5 } } } });
  const go = (values: Float32Array, state: ReturnType<typeof optimizer.init>, until: number) => {
    while (state.step < until) {
      optimizer.update(
        values,
        Float32Array.from(values, (value, i) => Math.sin(state.step + i) + value),
        state,
      );
    }
  };
  const values = Float32Array.of(0.3, -0.2, 0.1);
  const state = optimizer.init(3);
  go(values, state, 25);
  const saved = encodeSnapshot({ theta: values, optimizer: state });
  go(values, state, 60);
  const restored = decodeSnapshot(saved) as { theta: Float32Array; optimizer: typeof state };
  go(restored.theta, restored.optimizer, 60);
  expect(encodeSnapshot(restored)).toEqual(encodeSnapshot({ theta: values, optimizer: state }));
});

it('other readers see each array as a tensor named by its path', () => {
  const bytes = encodeSnapshot({
    theta: Float32Array.of(1, 2),
    optimizer: { step: 3, buffers: { m: Float32Array.of(4, 5) } },
  });
  const { tensors, metadata } = decodeSafetensors(bytes);
  expect(tensors).toEqual({
    theta: { shape: [2], values: Float32Array.of(1, 2) },
    'optimizer/buffers/m': { shape: [2], values: Float32Array.of(4, 5) },
  });
  expect(Object.keys(metadata)).toEqual(['snapshot', 'tree']);
});

describe('what a snapshot cannot hold is refused with its place', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  it.each<[string, unknown, string]>([
    ['a function', { a: { b: () => 1 } }, 'A function at `a.b`'],
    ['a Map', { a: new Map() }, 'A Map at `a`'],
    ['a Date', [new Date(0)], 'A Date at `0`'],
    ['a bigint', { a: 1n }, 'A bigint at `a`'],
    ['clamped bytes', { a: new Uint8ClampedArray(1) }, 'A Uint8ClampedArray at `a`'],
    ['a cycle', cycle, 'deeper than 200 levels'],
  ])('%s', (_, tree, problem) => {
    expect(() => encodeSnapshot(tree)).toThrow(problem);
  });
});

describe('a broken snapshot is SNAPSHOT_BROKEN', () => {
  const bytes = encodeSnapshot({ theta: Float32Array.of(1, 2, 3), round: 7, rate: NaN, $x: [null, 'ü'] });
  const edited = (metadata: Record<string, string>, arrays: Record<string, Float32Array> = {}) =>
    encodeSafetensors({
      tensors: Object.fromEntries(
        Object.entries(arrays).map(([name, values]) => [name, { shape: [values.length], values }]),
      ),
      metadata,
    });
  const broken = (given: Uint8Array, problem: string) => {
    expect(() => decodeSnapshot(given, '000007.safetensors')).toThrow(problem);
    expect(() => decodeSnapshot(given)).toThrow(expect.objectContaining({ code: 'SNAPSHOT_BROKEN' }));
  };

  it('at every cut', () => {
    for (let length = 0; length < bytes.length; length++)
      broken(bytes.subarray(0, length), '000007.safetensors is damaged');
  });

  const ones = { a: Float32Array.of(1) };
  it.each<[string, Uint8Array, string]>([
    ['a file without a tree', edited({}, ones), 'snapshot format none'],
    ['another format', edited({ snapshot: '2', tree: '{}' }), 'it says snapshot format 2; this version reads 1'],
    ['a tree that is no JSON', edited({ snapshot: '1', tree: '{' }), 'its tree is not JSON'],
    [
      'a tree that names no tensor',
      edited({ snapshot: '1', tree: '{"a":{"$array":"b"}}' }, ones),
      'for what is not there',
    ],
    ['a tensor named twice', edited({ snapshot: '1', tree: '[{"$array":"a"},{"$array":"a"}]' }, ones), 'not there'],
    ['a tensor not named', edited({ snapshot: '1', tree: '{}' }, ones), 'does not mention the tensor `a`'],
    ['an unknown mark', edited({ snapshot: '1', tree: '{"$date":1}' }), 'a mark `$date`'],
    ['a mark beside a key', edited({ snapshot: '1', tree: '{"$array":"a","b":1}' }, ones), 'unknown mark `$array`'],
    ['a number that is none', edited({ snapshot: '1', tree: '{"$number":"1e999"}' }), 'a mark `$number`'],
    ['endless nesting', edited({ snapshot: '1', tree: '['.repeat(5000) + ']'.repeat(5000) }), 'deeper than 200 levels'],
  ])('%s', (_, given, problem) => broken(given, problem));

  it('for any changed byte of the header, or it reads as some tree', () => {
    const header = Number(new DataView(bytes.buffer).getBigUint64(0, true)) + 8;
    fc.assert(
      fc.property(fc.nat(header - 1), fc.nat(255), (place, value) => {
        const changed = bytes.slice();
        changed[place] = value;
        try {
          decodeSnapshot(changed);
        } catch (error) {
          expect(error).toMatchObject({ code: 'SNAPSHOT_BROKEN' });
        }
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});
