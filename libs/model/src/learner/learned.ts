import { combineRows } from '../aggregation/combine.ts';
import { initialValues } from '../layer/initial-values.ts';
import type { Tf } from '../layer/layer.ts';
import type { Stack } from '../layer/stack.ts';
import { createOptimizer, type OptimizerConfig, type OptimizerState } from '../optimizer/index.ts';
import type { Random } from '../random.ts';
import { copyTree } from '../store/copy-tree.ts';
import { createWeights, type Weights } from './weights.ts';

export interface LearnedState {
  readonly values: Float32Array;
  readonly optimizer: OptimizerState;
}

/** A head or an adapter: its flat values, and the optimizer that steps them. */
export interface Learned {
  readonly stack: Stack;
  readonly weights: Weights;
  readonly values: Float32Array;
  /** Loads the variables with today's values. */
  load(): void;
  /** One step along Σ factor · gradient, added in the order given; no gradient, no step. */
  step(gradients: readonly Float32Array[], factors: readonly number[]): void;
  snapshot(): LearnedState;
  restore(state: LearnedState): void;
}

export function createLearned(
  tf: Tf,
  stack: Stack,
  config: OptimizerConfig,
  random: (slot: string) => Random,
): Learned {
  const weights = createWeights(tf, stack);
  const optimizer = createOptimizer(config);
  const values = initialValues(stack, random);
  let state = optimizer.init(values.length);
  return {
    stack,
    weights,
    values,
    load: () => weights.load(values),
    step(gradients, factors) {
      if (gradients.length === 0 || values.length === 0) return;
      optimizer.update(values, combineRows(gradients, factors), state);
    },
    snapshot: () => copyTree({ values, optimizer: state }),
    restore(saved) {
      values.set(saved.values);
      state = copyTree(saved.optimizer);
    },
  };
}
