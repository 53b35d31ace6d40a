import { describe, expect, it } from 'vitest';
import { randomStream } from '../random.ts';
import { gramianOf } from './gramian.ts';
import { strategies } from './index.ts';
import { overLosses } from './over-losses.ts';
import type { StrategyInput } from './strategy.ts';

const never = () => expect.fail('nothing to learn');
const random = randomStream(1, 'strategy', 1);

function input(losses: number[], rows?: number[][]): StrategyInput {
  const tasks = losses.map((_, k) => `t${k}`);
  const gramian = rows && gramianOf(rows.map((row) => Float32Array.from(row)));
  return { tasks, gramian, rows: undefined, losses: Float64Array.from(losses), round: 1, random };
}

describe('tasks weighed by their losses', () => {
  it('are those with a usable row and a finite loss; the others get 0', () => {
    const given = input([1, NaN, 3, 4, 5], [[1], [1], [0], [NaN], [2]]);
    const { weights } = overLosses(given, {}, (usable, state) => {
      expect([...usable.losses]).toEqual([1, 5]);
      return { weights: [0.25, 0.5], state };
    });
    expect([...weights]).toEqual([0.25, 0, 0, 0, 0.5]);
  });

  it('weigh 1 where one is left, and are learned from', () => {
    const { weights, state } = overLosses(input([NaN, 2], [[1], [1]]), {}, () => ({
      weights: [9],
      state: { seen: 2 },
    }));
    expect([...weights]).toEqual([0, 1]);
    expect(state).toEqual({ seen: 2, stationary: false });
  });

  it('are stationary where every row is zero, and leave the state alone where none is there', () => {
    expect(overLosses(input([1, 2], [[0], [0]]), {}, never).state).toEqual({ stationary: true });
    const state = { seen: 1 };
    expect(overLosses(input([NaN, NaN], [[1], [1]]), state, never)).toEqual({ weights: new Float64Array(2), state });
    expect(overLosses(input([]), state, never).state).toBe(state);
  });

  it('are all usable where neither Gramian nor rows are given, in every strategy that reads losses', () => {
    for (const name of [
      'uncertainty',
      'dwa',
      'gls',
      'scale-invariant',
      'gradnorm',
      'random-weights',
      'imtl-l',
      'famo',
      'stch',
    ]) {
      const weigher = strategies[name]!.create();
      if (!('weigh' in weigher)) expect.fail(`${name} combines rows`);
      const { weights } = weigher.weigh(input([1, 2]), weigher.init(['t0', 't1']));
      expect(Math.min(...weights), name).toBeGreaterThan(0);
    }
  });

  it('may join late and be called anything, `constructor` too', () => {
    for (const [name, strategy] of Object.entries(strategies)) {
      const rows = [Float32Array.of(1, 2), Float32Array.of(2, -1)];
      const given = { ...input([1, 2]), tasks: ['a', 'constructor'], gramian: gramianOf(rows), rows };
      const made = strategy.create();
      const start = made.init(['a']);
      const values = 'weigh' in made ? made.weigh(given, start).weights : made.combine(given, start).direction;
      expect([...values].every(Number.isFinite), name).toBe(true);
    }
  });
});
