import { z } from 'zod';
import { addScaled } from './combine.ts';
import { byTask, type ByTask } from './by-task.ts';
import { overRows } from './over-rows.ts';
import { normOf } from './row-average.ts';
import { remember, sharesOf } from './shares.ts';
import { projectOnSimplex } from './simplex-projection.ts';
import { defineCombining, type StrategyInput } from './strategy.ts';
import { setAside, subset, type Usable } from './usable.ts';

/**
 * Rows J and, of two more batches, J₁ and J₂: Ĝ = J₁J₂ᵀ divided by the square of its mean √diag₊. From the last round's w,
 * `iterations` steps of SGD with momentum along Ĝw + λĜ1/K, each projected on the simplex; v = (Jᵀw + λ · mean row) / (1 + λ). Without
 * extra rows J serves for all three. Xiao, Ban & Ji, NeurIPS 2023.
 */
export const sdmgrad = defineCombining({
  name: 'sdmgrad',
  summary: 'Min-norm weights from independent batches, pulled towards the mean.',
  source: 'Xiao, Ban & Ji, NeurIPS 2023',
  wants: ['extra-batches'],
  parameters: z.strictObject({
    lambda: z.number().nonnegative().default(0.3),
    iterations: z.int().nonnegative().default(20),
    lr: z.number().positive().default(5),
    momentum: z.number().min(0).max(1).default(0.5),
  }),
  create: ({ lambda, iterations, lr, momentum }) => ({
    init: (tasks) => ({ weights: byTask(tasks, () => 1) }),
    combine: (given, memory) =>
      overRows(
        given,
        memory,
        ({ tasks, extraRows }, rows, state) => {
          const count = tasks.length;
          const cross = crossGramian(extraRows?.[0] ?? rows, extraRows?.[1] ?? rows);
          const remembered = state.weights as ByTask<number>;
          let weights = sharesOf(remembered, tasks, 1);
          const speed = new Float64Array(count);
          for (let step = 0; step < iterations; step++) {
            // Ĝw + λĜ1/K = Ĝ(w + λ/K).
            const slopes = times(
              cross,
              weights.map((weight) => weight + lambda / count),
            );
            slopes.forEach((slope, k) => (speed[k] = momentum * speed[k]! + slope));
            weights = projectOnSimplex(weights.map((weight, k) => weight - lr * speed[k]!));
          }
          const sum = new Float64Array(rows[0]!.length);
          rows.forEach((row, k) => addScaled(sum, row, (weights[k]! + lambda / count) / (1 + lambda)));
          return { sum, state: { ...state, weights: remember(remembered, tasks, weights) } };
        },
        withFiniteExtras,
      ),
  }),
});

/** As `setAside`, and tasks whose extra rows are absent or not finite are set aside too. */
function withFiniteExtras(input: StrategyInput): Usable {
  const usable = setAside(input);
  const kept = usable.kept.filter((k) => input.extraRows?.every((batch) => batch[k]?.every(Number.isFinite)) ?? true);
  if (kept.length === usable.kept.length) return usable;
  return { kept, answered: kept.length > 0, input: subset(input, kept) };
}

/** Ĝ, row by row, scaled. Where no diagonal entry is positive the rows' mean lengths scale it. */
function crossGramian(left: readonly Float32Array[], right: readonly Float32Array[]): Float64Array[] {
  const cross = left.map((a) => Float64Array.from(right, (b) => dotOf(a, b)));
  const roots = cross.map((line, k) => Math.sqrt(Math.max(0, line[k]!)));
  const scale = meanOf(roots) ** 2 || meanOf(left.map(normOf)) * meanOf(right.map(normOf)) || 1;
  return cross.map((line) => line.map((value) => value / scale));
}

function dotOf(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const times = (matrix: readonly Float64Array[], vector: Float64Array) =>
  matrix.map((line) => line.reduce((sum, value, j) => sum + value * vector[j]!, 0));
