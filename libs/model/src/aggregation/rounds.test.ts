import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { awkwardFaultsOf, orderGap, stateFaultsOf } from './rounds.ts';
import { defineWeighing, type StrategyState, type Weigher } from './strategy.ts';

const strategyOf = (weigh: Weigher['weigh']) =>
  defineWeighing({
    name: 'broken',
    summary: 'Broken on purpose.',
    source: 'none',
    needs: 'gramian',
    parameters: z.strictObject({}),
    create: () => ({ init: (): StrategyState => ({ seen: { count: 0 } }), weigh }),
  });

describe('the measures of strategies with a memory', () => {
  it('find a state that is changed in place', () => {
    const broken = strategyOf(({ tasks }, state) => {
      (state.seen as { count: number }).count += 1;
      return { weights: new Float64Array(tasks.length).fill((state.seen as { count: number }).count), state };
    });
    expect(stateFaultsOf(broken)).toContain('the given state was changed');
  });

  it('find a result that hides its memory outside the state', () => {
    let calls = 0;
    const broken = strategyOf(({ tasks }, state) => ({ weights: new Float64Array(tasks.length).fill(++calls), state }));
    expect(stateFaultsOf(broken)).toContain('another result from the same state');
  });

  it('find a state that JSON would not give back', () => {
    const broken = strategyOf(({ tasks }) => ({
      weights: new Float64Array(tasks.length),
      state: { seen: new Map([['a', 1]]) },
    }));
    expect(stateFaultsOf(broken)).toContain('a state that a checkpoint cannot hold');
  });

  it('find weights by place instead of by task, and weights that leave the finite numbers', () => {
    const byPlace = strategyOf(({ tasks }, state) => ({ weights: Float64Array.from(tasks.keys()), state }));
    expect(orderGap(byPlace)).toBeGreaterThan(0.1);
    const inverse = strategyOf(({ losses }, state) => ({ weights: losses.map((loss) => 1 / loss), state }));
    expect(awkwardFaultsOf(inverse).some((fault) => fault.endsWith('a weight that is not finite'))).toBe(true);
  });
});
