import { z } from 'zod';
import { addScaled } from './combine.ts';
import { byTask, recall, type ByTask } from './by-task.ts';
import { withFiniteLosses } from './over-losses.ts';
import { overRows } from './over-rows.ts';
import { positiveLosses } from './positive.ts';
import { averageInto, normOf, type Average } from './row-average.ts';
import { defineCombining } from './strategy.ts';

/**
 * Gradients of log losses, h_k = g_k / L_k, averaged over rounds, b_k ← h_k + β/t^σ (b_k − h_k) from b = 0 (t: the task's t-th answer), and all
 * stretched to the longest: v = Σ (max_j ‖b_j‖ / ‖b_k‖) b_k, a sum. Lin et al., arXiv 2308.12029, 2023.
 */
export const dbMtl = defineCombining({
  name: 'db-mtl',
  summary: 'Averaged gradients of log losses, all stretched to the longest.',
  source: 'Lin et al., arXiv 2308.12029, 2023',
  parameters: z.strictObject({
    beta: z.number().min(0).max(1).default(0.9),
    sigma: z.number().nonnegative().default(0),
  }),
  create: ({ beta, sigma }) => ({
    init: () => ({ averages: {} }),
    combine: (given, memory) =>
      overRows(
        given,
        memory,
        ({ tasks, losses }, rows, state) => {
          const all = state.averages as ByTask<Average>;
          const sound = positiveLosses(losses);
          const averages = byTask(tasks, (task, k) =>
            averageInto(recall(all, task), rows[k]!, 1 / sound[k]!, (steps) => 1 - beta / steps ** sigma),
          );
          const norms = tasks.map((task) => normOf(averages[task]!.row));
          const longest = Math.max(...norms);
          const sum = new Float64Array(rows[0]!.length);
          tasks.forEach((task, k) => {
            if (norms[k]! > 0) addScaled(sum, averages[task]!.row, longest / norms[k]!);
          });
          return { sum, state: { ...state, averages: { ...all, ...averages } } };
        },
        withFiniteLosses,
      ),
  }),
});
