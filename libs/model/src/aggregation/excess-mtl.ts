import { z } from 'zod';
import { addScaled } from './combine.ts';
import { byTask, recall, type ByTask } from './by-task.ts';
import { withinFloat32 } from './float32.ts';
import { overRows } from './over-rows.ts';
import { remember, sharesOf } from './shares.ts';
import { defineCombining } from './strategy.ts';

/** What is remembered of a task: √S, S = Σ g ⊙ g over its rounds, and its first excess risk. */
interface Past {
  readonly root: Float32Array;
  readonly first: number;
}

/** Bounds one round's exponent. */
const STEEPEST = 50;

/**
 * Weights grow with the tasks' excess risks, e_k = Σ_i g_i² / √S_i (AdaGrad's accumulator), relative to their first: w_k ← w_k exp(η e_k / e_k(0)),
 * Σw = K; all 1 in a task's first round. v = Σ w_k g_k. He et al., ICML 2024.
 */
export const excessMtl = defineCombining({
  name: 'excess-mtl',
  summary: 'More weight for tasks that are still far from their optimum.',
  source: 'He et al., ICML 2024',
  parameters: z.strictObject({ step: z.number().nonnegative().default(1e-2) }),
  create: ({ step }) => ({
    init: (tasks) => ({ weights: byTask(tasks, () => 1), past: {} }),
    combine: (given, memory) =>
      overRows(given, memory, ({ tasks }, rows, state) => {
        const all = state.past as ByTask<Past>;
        const remembered = state.weights as ByTask<number>;
        const shares = sharesOf(remembered, tasks, tasks.length);
        const grown = Float64Array.from(shares);
        const past = byTask(tasks, (task, k) => {
          const known = recall(all, task);
          const before = known?.root.length === rows[k]!.length ? known : undefined;
          const root = accumulated(before?.root, rows[k]!);
          const excess = excessOf(rows[k]!, root);
          if (before) grown[k]! *= Math.exp(Math.min(STEEPEST, (step * excess) / before.first));
          return { root, first: before?.first ?? excess };
        });
        const weights = remember(remembered, tasks, grown);
        const sum = new Float64Array(rows[0]!.length);
        sharesOf(weights, tasks, tasks.length).forEach((weight, k) => addScaled(sum, rows[k]!, weight));
        return { sum, state: { ...state, weights, past: { ...all, ...past } } };
      }),
  }),
});

/** √(S + g ⊙ g). Roots are kept because squares of small or large float32 values leave float32. */
function accumulated(root: Float32Array | undefined, row: Float32Array): Float32Array {
  const before = root ?? new Float32Array(row.length);
  const after = new Float32Array(row.length);
  for (let i = 0; i < after.length; i++) {
    after[i] = withinFloat32(Math.sqrt(before[i]! * before[i]! + row[i]! * row[i]!));
  }
  return after;
}

function excessOf(row: Float32Array, root: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) if (root[i]! > 0) sum += (row[i]! * row[i]!) / root[i]!;
  return sum;
}
