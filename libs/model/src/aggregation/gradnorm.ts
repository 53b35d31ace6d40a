import { z } from 'zod';
import { byTask, recall, type ByTask } from './by-task.ts';
import { overLosses } from './over-losses.ts';
import { emptyMean, extend, type RunningMean } from './running-mean.ts';
import { adamStep, learnedFrom, type Learned } from './scalar-adam.ts';
import { remember, sharesOf } from './shares.ts';
import { defineWeighing, type StrategyInput } from './strategy.ts';

/** No weight falls below this before weights are brought back to their sum: a gradient step could make it negative. */
const FLOOR = 0.01;

/**
 * Learned weights w, Σw = K, that bring the weighted norms w_k n_k to Ḡ r_k^α: Ḡ their mean, r_k the task's L_k / L_k(0) relative to the
 * mean of those. The weights of a round are those before its update. L(0) is the mean of a task's first `window` losses;
 * until it is known the task's weight stays. Chen et al., ICML 2018.
 */
export const gradnorm = defineWeighing({
  name: 'gradnorm',
  summary: 'Learned weights that give slower tasks longer weighted gradients.',
  source: 'Chen et al., ICML 2018',
  needs: 'gramian',
  parameters: z.strictObject({
    alpha: z.number().nonnegative().default(1.5),
    learningRate: z.number().positive().default(0.025),
    optimizer: z.enum(['sgd', 'adam']).default('sgd'),
    window: z.int().positive().default(25),
  }),
  create: ({ alpha, learningRate, optimizer, window }) => ({
    init: (tasks) => ({
      weights: byTask(tasks, () => 1),
      initial: byTask(tasks, () => emptyMean),
      moments: {},
    }),
    weigh: (given, memory) =>
      overLosses(given, memory, (input, state) => {
        const { tasks, losses } = input;
        const all = state.weights as ByTask<number>;
        const initial = state.initial as ByTask<RunningMean>;
        const weights = sharesOf(all, tasks, tasks.length);
        const places = tasks.flatMap((task, k) => ((recall(initial, task)?.count ?? 0) >= window ? [k] : []));
        const started = byTask(tasks, (task, k) => {
          const mean = recall(initial, task) ?? emptyMean;
          return mean.count < window ? extend(mean, losses[k]!) : mean;
        });
        const next = { ...state, initial: { ...initial, ...started } };
        if (places.length < 2 || !input.gramian) return { weights, state: next };

        const ratios = places.map((k) => losses[k]! / initial[tasks[k]!]!.mean);
        const slopes = slopesOf(
          places.map((k) => weights[k]!),
          normsOf(input, places),
          rates(ratios, alpha),
        );
        const moments = state.moments as ByTask<Learned>;
        const moved = places.map((k, i) => {
          const from = recall(moments, tasks[k]!) ?? learnedFrom(0);
          return adamStep({ ...from, value: weights[k]! }, slopes[i]!, { learningRate });
        });
        const stepped = Float64Array.from(weights);
        places.forEach((k, i) => {
          const to = optimizer === 'adam' ? moved[i]!.value : weights[k]! - learningRate * slopes[i]!;
          stepped[k] = Math.max(FLOOR, to);
        });
        const learned = byTask(
          places.map((k) => tasks[k]!),
          (_, i) => moved[i]!,
        );
        return {
          weights,
          state: {
            ...next,
            weights: remember(all, tasks, stepped),
            ...(optimizer === 'adam' && { moments: { ...moments, ...learned } }),
          },
        };
      }),
  }),
});

function normsOf({ tasks, gramian }: StrategyInput, places: readonly number[]): number[] {
  return places.map((k) => Math.sqrt(gramian![k * tasks.length + k]!));
}

/** r_k^α; a ratio that is negative counts as 0, one that is not finite as the mean. */
function rates(ratios: readonly number[], alpha: number): number[] {
  const sound = ratios.map((ratio) => (Number.isFinite(ratio) ? Math.max(0, ratio) : NaN));
  const known = sound.filter((ratio) => !Number.isNaN(ratio));
  const mean = known.reduce((sum, ratio) => sum + ratio / known.length, 0);
  return sound.map((ratio) => (mean > 0 && !Number.isNaN(ratio) ? (ratio / mean) ** alpha : 1));
}

/** Gradient of Σ |w_k n_k − Ḡ r_k^α| in w, Ḡ r_k^α held fixed. */
function slopesOf(weights: readonly number[], norms: readonly number[], rate: readonly number[]): number[] {
  const lengths = weights.map((weight, k) => weight * norms[k]!);
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  return lengths.map((length, k) => Math.sign(length - mean * rate[k]!) * norms[k]!);
}
