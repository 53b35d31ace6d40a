import { z } from 'zod';
import { byTask, recall, type ByTask } from './by-task.ts';
import { overLosses } from './over-losses.ts';
import { adamStep, learnedFrom, type Learned } from './scalar-adam.ts';
import { defineWeighing } from './strategy.ts';

/** |s| stays below this, so that a loss that is never positive cannot drive e^−s out of range. */
const BOUND = 50;

/**
 * min over s of Σ L_k e^{−s_k}/2 + s_k/2 with s = log σ²: w_k = e^{−s_k}/2 with the s before this round's step, then s moves by
 * Adam along ½(1 − L_k e^{−s_k}). Kendall, Gal & Cipolla, CVPR 2018.
 */
export const uncertainty = defineWeighing({
  name: 'uncertainty',
  summary: 'Each loss divided by twice a learned variance.',
  source: 'Kendall, Gal & Cipolla, CVPR 2018',
  needs: 'gramian',
  parameters: z.strictObject({ learningRate: z.number().positive().default(0.025) }),
  create: ({ learningRate }) => ({
    init: (tasks) => ({ logVariance: byTask(tasks, () => learnedFrom(0)) }),
    weigh: (given, memory) =>
      overLosses(given, memory, ({ tasks, losses }, state) => {
        const all = state.logVariance as ByTask<Learned>;
        const now = tasks.map((task) => recall(all, task) ?? learnedFrom(0));
        const moved = byTask(tasks, (_, k) => {
          const gradient = (1 - losses[k]! * Math.exp(-now[k]!.value)) / 2;
          const next = adamStep(now[k]!, gradient, { learningRate });
          return { ...next, value: Math.min(BOUND, Math.max(-BOUND, next.value)) };
        });
        return {
          weights: now.map(({ value }) => Math.exp(-value) / 2),
          state: { ...state, logVariance: { ...all, ...moved } },
        };
      }),
  }),
});
