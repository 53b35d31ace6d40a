import { describe, expect, it } from 'vitest';
import { gramianOf } from './gramian.ts';
import type { StrategyInput } from './strategy.ts';
import { overUsable, setAside } from './usable.ts';

const random = { uniform: () => 0.5, normal: () => 0, permutation: (n: number) => [...Array(n).keys()] };
const rows = [
  [3, 4],
  [NaN, 1],
  [0, 0],
  [1, 0],
].map((row) => Float32Array.from(row));

function input(given: Partial<StrategyInput>, use = rows): StrategyInput {
  const tasks = use.map((_, k) => `t${k}`);
  const losses = Float64Array.from(use.keys());
  return { tasks, gramian: undefined, rows: undefined, losses, round: 1, random, ...given };
}

describe('usable rows', () => {
  it('keeps finite rows that are not zero, with all that belongs to them', () => {
    for (const given of [{ gramian: gramianOf(rows) }, { rows }]) {
      const usable = setAside(input({ ...given, lossesAfter: Float64Array.of(9, 8, 7, 6), extraRows: [rows, rows] }));
      expect(usable.kept).toEqual([0, 3]);
      expect(usable.input.tasks).toEqual(['t0', 't3']);
      expect([...usable.input.losses]).toEqual([0, 3]);
      expect([...usable.input.lossesAfter!]).toEqual([9, 6]);
      expect(usable.input.extraRows![1]).toEqual([rows[0], rows[3]]);
      if (usable.input.gramian) expect([...usable.input.gramian]).toEqual([25, 3, 3, 1]);
      if (usable.input.rows) expect(usable.input.rows).toEqual([rows[0], rows[3]]);
    }
  });

  it('treats every task as usable where only losses are given', () => {
    expect(setAside(input({})).kept).toEqual([0, 1, 2, 3]);
  });

  it('gives 0 to rows set aside and keeps the order of the rest', () => {
    const { weights } = overUsable(input({ rows }), {}, (_, state) => ({ weights: [0.25, 0.75], state }));
    expect([...weights]).toEqual([0.25, 0, 0, 0.75]);
  });

  it('returns the one row that is left', () => {
    const use = rows.slice(1);
    const solved = overUsable(input({ rows: use }, use), { kept: 1 }, () => expect.fail('nothing to solve'));
    expect([...solved.weights]).toEqual([0, 0, 1]);
    expect(solved.state).toEqual({ kept: 1, stationary: false });
  });

  it('calls all-zero rows stationary and leaves the state alone without any finite row', () => {
    const zero = [rows[2]!, rows[2]!];
    const none = [rows[1]!];
    const fail = () => expect.fail('nothing to solve');
    expect(overUsable(input({ rows: zero }, zero), {}, fail).state).toEqual({ stationary: true });
    const state = { stationary: true, average: 3 };
    expect(overUsable(input({ rows: none }, none), state, fail)).toEqual({ weights: new Float64Array(1), state });
    expect(overUsable(input({ rows: [] }, []), state, fail).state).toBe(state);
  });
});
