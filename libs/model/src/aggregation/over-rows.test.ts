import { describe, expect, it } from 'vitest';
import { randomStream } from '../random.ts';
import { overFiniteRows, overRows } from './over-rows.ts';
import type { StrategyInput } from './strategy.ts';

const never = () => expect.fail('nothing to combine');

function input(rows: (Float32Array | undefined)[] | undefined): StrategyInput {
  const tasks = (rows ?? []).map((_, k) => `t${k}`);
  const losses = new Float64Array(tasks.length).fill(1);
  const random = randomStream(1, 'strategy', 1);
  // A row that did not arrive is a hole in the list.
  return { tasks, gramian: undefined, rows: rows as Float32Array[] | undefined, losses, round: 1, random };
}

describe('rows combined', () => {
  it('are those that are there, finite and not zero', () => {
    const rows = [
      Float32Array.of(1, 2),
      undefined,
      Float32Array.of(0, 0),
      Float32Array.of(NaN, 1),
      Float32Array.of(3, 4),
    ];
    const { direction } = overRows(input(rows), {}, (usable, kept, state) => {
      expect(usable.tasks).toEqual(['t0', 't4']);
      return { sum: Float64Array.of(kept[0]![0]!, kept[1]![1]!), state };
    });
    expect([...direction]).toEqual([1, 4]);
  });

  it('count zero rows where a zero is an answer', () => {
    const rows = [Float32Array.of(1), undefined, Float32Array.of(0), Float32Array.of(NaN)];
    const { direction } = overFiniteRows(input(rows), {}, (kept) => Float64Array.of(kept.length));
    expect([...direction]).toEqual([2]);
  });

  it('round values too large for float32 to its largest, not to infinity', () => {
    const rows = [Float32Array.of(1), Float32Array.of(2)];
    const { direction } = overRows(input(rows), {}, (_, _kept, state) => ({ sum: Float64Array.of(-1e300), state }));
    expect(direction[0]).toBe(-3.4028234663852886e38);
  });

  it('give one row that is left as a copy, and learn from it', () => {
    const row = Float32Array.of(5, 6);
    const { direction, state } = overRows(input([row]), {}, () => ({ sum: new Float64Array(2), state: { seen: 1 } }));
    expect([...direction]).toEqual([5, 6]);
    expect(direction).not.toBe(row);
    expect(state).toEqual({ seen: 1, stationary: false });
  });

  it('give zero where none is left: stationary if all are zero, the state as it was if none is finite', () => {
    const zero = overRows(input([new Float32Array(3), new Float32Array(3)]), { seen: 1 }, never);
    expect(zero).toEqual({ direction: new Float32Array(3), state: { seen: 1, stationary: true } });
    const state = { seen: 1 };
    for (const rows of [[undefined, Float32Array.of(Infinity, 0)], [], undefined]) {
      for (const outcome of [overRows(input(rows), state, never), overFiniteRows(input(rows), state, never)]) {
        expect(outcome.state).toBe(state);
        expect([...outcome.direction]).toEqual(rows?.length ? [0, 0] : []);
      }
    }
  });
});
