import { z } from 'zod';
import { byTask, recall, type ByTask } from './by-task.ts';
import { overLosses } from './over-losses.ts';
import { positiveLosses } from './positive.ts';
import { emptyMean, extend, type RunningMean } from './running-mean.ts';
import { softmax } from './softmax.ts';
import { defineWeighing } from './strategy.ts';

/**
 * Smooth Tchebycheff: weight on the worst task, softly. `form: log` (LibMTL's): the gradient of K μ log Σ exp(log(L_k / nadir_k) / μ),
 * w_k = K · softmax(log(L / nadir) / μ)_k / L_k; in the first `warmup` rounds w_k = 1 / L_k, and nadir_k is the mean of the
 * task's first `warmup` losses. `form: linear` (the paper's): w = softmax((L − ideal) / μ). Lin et al., ICML 2024.
 */
export const stch = defineWeighing({
  name: 'stch',
  summary: 'A smooth form of minimising the worst loss.',
  source: 'Lin et al., ICML 2024',
  needs: 'gramian',
  parameters: z.strictObject({
    mu: z.number().positive().default(1),
    warmup: z.int().positive().default(25),
    form: z.enum(['log', 'linear']).default('log'),
    ideal: z.record(z.string(), z.number()).default({}),
  }),
  create: ({ mu, warmup, form, ideal }) => ({
    init: (tasks) => ({ rounds: 0, nadir: byTask(tasks, () => emptyMean) }),
    weigh: (given, memory) =>
      overLosses(given, memory, ({ tasks, losses }, state) => {
        if (form === 'linear') {
          return {
            weights: softmax(tasks.map((task, k) => clamped((losses[k]! - (recall(ideal, task) ?? 0)) / mu))),
            state,
          };
        }
        const all = state.nadir as ByTask<RunningMean>;
        const rounds = state.rounds as number;
        const nadir = byTask(tasks, (task, k) => {
          const mean = recall(all, task) ?? emptyMean;
          return mean.count < warmup ? extend(mean, losses[k]!) : mean;
        });
        const sound = positiveLosses(losses);
        const next = { ...state, rounds: rounds + 1, nadir: { ...all, ...nadir } };
        if (rounds < warmup) return { weights: sound.map((loss) => 1 / loss), state: next };

        const worst = positiveLosses(tasks.map((task) => nadir[task]!.mean));
        const soft = softmax(sound.map((loss, k) => clamped((Math.log(loss) - Math.log(worst[k]!)) / mu)));
        return { weights: soft.map((share, k) => (tasks.length * share) / sound[k]!), state: next };
      }),
  }),
});

/** A small μ may carry an exponent out of float64. */
const clamped = (exponent: number) => Math.min(1e300, Math.max(-1e300, exponent));
