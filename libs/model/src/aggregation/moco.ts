import { z } from 'zod';
import { addScaled } from './combine.ts';
import { byTask, recall, type ByTask } from './by-task.ts';
import { gramianOf } from './gramian.ts';
import { withFiniteLosses } from './over-losses.ts';
import { overRows } from './over-rows.ts';
import { positiveLosses } from './positive.ts';
import { averageInto, normOf, type Average } from './row-average.ts';
import { remember, sharesOf } from './shares.ts';
import { softmax } from './softmax.ts';
import { defineCombining } from './strategy.ts';

/**
 * Rows of length L_k, ĝ_k = L_k g_k / n_k, tracked by y_k ← y_k − β/t^σβ (y_k − ĝ_k); the weights follow the tracked rows,
 * λ ← softmax(λ − γ/t^σγ (YYᵀ + ρI)λ), and v = Yᵀλ. Fernando et al., ICLR 2023, with LibMTL's softmax for the projection.
 */
export const moco = defineCombining({
  name: 'moco',
  summary: 'Tracked gradients, and weights that descend along their Gramian.',
  source: 'Fernando et al., ICLR 2023',
  parameters: z.strictObject({
    beta: z.number().min(0).max(1).default(0.5),
    betaSigma: z.number().nonnegative().default(0.5),
    gamma: z.number().nonnegative().default(0.1),
    gammaSigma: z.number().nonnegative().default(0.5),
    rho: z.number().nonnegative().default(0),
  }),
  create: ({ beta, betaSigma, gamma, gammaSigma, rho }) => ({
    init: (tasks) => ({ rounds: 0, weights: byTask(tasks, () => 1), averages: {} }),
    combine: (given, memory) =>
      overRows(
        given,
        memory,
        ({ tasks, losses }, rows, state) => {
          const all = state.averages as ByTask<Average>;
          const lengths = positiveLosses(losses);
          const averages = byTask(tasks, (task, k) =>
            averageInto(
              recall(all, task),
              rows[k]!,
              lengths[k]! / normOf(rows[k]!),
              (steps) => beta / steps ** betaSigma,
            ),
          );
          const tracked = tasks.map((task) => averages[task]!.row);
          const remembered = state.weights as ByTask<number>;
          const rounds = (state.rounds as number) + 1;
          const now = sharesOf(remembered, tasks, 1);
          const slopes = timesGramian(gramianOf(tracked), now, rho);
          const weights = softmax(now.map((weight, k) => weight - (gamma / rounds ** gammaSigma) * slopes[k]!));
          const sum = new Float64Array(rows[0]!.length);
          tracked.forEach((row, k) => addScaled(sum, row, weights[k]!));
          return {
            sum,
            state: {
              ...state,
              rounds,
              weights: remember(remembered, tasks, weights),
              averages: { ...all, ...averages },
            },
          };
        },
        withFiniteLosses,
      ),
  }),
});

/** (G + ρI)w. */
function timesGramian(gramian: Float64Array, weights: Float64Array, rho: number): Float64Array {
  const count = weights.length;
  return weights.map((weight, k) =>
    weights.reduce((sum, other, j) => sum + gramian[k * count + j]! * other, rho * weight),
  );
}
