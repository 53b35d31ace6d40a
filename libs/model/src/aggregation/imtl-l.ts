import { z } from 'zod';
import { byTask, recall, type ByTask } from './by-task.ts';
import { overLosses } from './over-losses.ts';
import { adamStep, learnedFrom, type Learned } from './scalar-adam.ts';
import { defineWeighing } from './strategy.ts';

/** |s| stays below this, so that a loss that is never positive cannot drive e^s out of range. */
const BOUND = 50;

/**
 * min over s of Σ e^{s_k} L_k − s_k, whose optimum makes every scaled loss 1: w_k = e^{s_k} with the s before this round's step,
 * then s moves by Adam along e^{s_k} L_k − 1. Liu et al., ICLR 2021.
 */
export const imtlL = defineWeighing({
  name: 'imtl-l',
  summary: 'Learned scales that bring every loss to 1.',
  source: 'Liu et al., ICLR 2021',
  needs: 'gramian',
  parameters: z.strictObject({ learningRate: z.number().positive().default(0.025) }),
  create: ({ learningRate }) => ({
    init: (tasks) => ({ logScale: byTask(tasks, () => learnedFrom(0)) }),
    weigh: (given, memory) =>
      overLosses(given, memory, ({ tasks, losses }, state) => {
        const all = state.logScale as ByTask<Learned>;
        const now = tasks.map((task) => recall(all, task) ?? learnedFrom(0));
        const moved = byTask(tasks, (_, k) => {
          const next = adamStep(now[k]!, Math.exp(now[k]!.value) * losses[k]! - 1, { learningRate });
          return { ...next, value: Math.min(BOUND, Math.max(-BOUND, next.value)) };
        });
        return {
          weights: now.map(({ value }) => Math.exp(value)),
          state: { ...state, logScale: { ...all, ...moved } },
        };
      }),
  }),
});
