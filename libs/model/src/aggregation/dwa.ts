import { z } from 'zod';
import { byTask, recall, type ByTask } from './by-task.ts';
import { overLosses } from './over-losses.ts';
import { emptyMean, extend, type RunningMean } from './running-mean.ts';
import { softmax } from './softmax.ts';
import { defineWeighing } from './strategy.ts';

interface History {
  /** Means of the last two full windows in which the task answered, oldest first; at most two. */
  readonly means: readonly number[];
  readonly window: RunningMean;
}
const none: History = { means: [], window: emptyMean };

/**
 * w = K · softmax(r / T), r_k = (mean loss of the last full window) / (of the one before); 1 in the first two windows. A window is
 * `window` rounds. A task without two means, or whose ratio is not finite, takes r = 1. Liu, Johns & Davison, CVPR 2019.
 */
export const dwa = defineWeighing({
  name: 'dwa',
  summary: 'More weight for tasks whose loss falls more slowly.',
  source: 'Liu, Johns & Davison, CVPR 2019',
  needs: 'gramian',
  parameters: z.strictObject({
    temperature: z.number().positive().default(2),
    window: z.int().positive().default(25),
  }),
  create: ({ temperature, window }) => ({
    init: (tasks) => ({ rounds: 0, histories: byTask(tasks, () => none) }),
    weigh: (given, memory) =>
      overLosses(given, memory, ({ tasks, losses }, state) => {
        const histories = state.histories as ByTask<History>;
        const ratios = tasks.map((task) => ratioOf(recall(histories, task) ?? none) / temperature);
        const weights = softmax(ratios).map((weight) => weight * tasks.length);
        const seen = byTask(tasks, (task, k) => {
          const history = recall(histories, task) ?? none;
          return { ...history, window: extend(history.window, losses[k]!) };
        });
        const rounds = (state.rounds as number) + 1;
        const all = { ...histories, ...seen };
        return {
          weights,
          state: { ...state, rounds, histories: rounds % window === 0 ? closed(all) : all },
        };
      }),
  }),
});

function ratioOf({ means }: History): number {
  const ratio = means.length < 2 ? 1 : means[1]! / means[0]!;
  return Number.isFinite(ratio) ? ratio : 1;
}

function closed(histories: ByTask<History>): ByTask<History> {
  return byTask(Object.keys(histories), (task) => {
    const { means, window } = histories[task]!;
    if (window.count === 0) return histories[task]!;
    return { means: [...means, window.mean].slice(-2), window: emptyMean };
  });
}
