import { z } from 'zod';
import { byTask, recall, type ByTask } from './by-task.ts';
import { overLosses } from './over-losses.ts';
import { positiveLosses } from './positive.ts';
import { adamStep, learnedFrom, type Learned } from './scalar-adam.ts';
import { softmax } from './softmax.ts';
import { defineWeighing, type StrategyInput } from './strategy.ts';

/**
 * z = softmax(ξ), w_k = (z_k / L_k) / Σ_j (z_j / L_j): every task's log loss falls alike. Once the losses L⁺ of the last round's
 * batches after its step are known, ξ takes one Adam step along (diag z − zzᵀ)δ, δ_k = log L_k − log L⁺_k, with L2 decay `gamma`.
 * Tasks whose L⁺ is not known keep their ξ. The losses' minima are taken as 0. Liu et al., NeurIPS 2023.
 */
export const famo = defineWeighing({
  name: 'famo',
  summary: 'Learned weights under which every log loss falls at the same rate.',
  source: 'Liu, Feng, Stone & Liu, NeurIPS 2023',
  needs: 'gramian',
  wants: ['losses-after'],
  parameters: z.strictObject({
    gamma: z.number().nonnegative().default(1e-3),
    lr: z.number().positive().default(0.025),
  }),
  create: ({ gamma, lr }) => ({
    init: (tasks) => ({ logits: byTask(tasks, () => learnedFrom(0)), last: {} }),
    weigh: (given, memory) => {
      const last = memory.last as ByTask<number>;
      const old = memory.logits as ByTask<Learned>;
      const logits = { ...old, ...learn(given, old, last, { learningRate: lr, decay: gamma }) };
      return overLosses(given, memory, ({ tasks, losses }, state) => {
        const sound = positiveLosses(losses);
        const z = softmax(tasks.map((task) => recall(logits, task)?.value ?? 0));
        // Relative to the smallest loss: 1 / L itself may leave float64.
        const least = Math.min(...sound);
        const shares = z.map((share, k) => share * (least / sound[k]!));
        const total = shares.reduce((sum, share) => sum + share, 0);
        const weights = shares.map((share) => share / total);
        return { weights, state: { ...state, logits, last: byTask(tasks, (_, k) => losses[k]!) } };
      });
    },
  }),
});

function learn(
  { tasks, lossesAfter }: StrategyInput,
  logits: ByTask<Learned>,
  last: ByTask<number>,
  rate: { learningRate: number; decay: number },
): ByTask<Learned> {
  const places = tasks.flatMap((task, k) =>
    Object.hasOwn(last, task) && Number.isFinite(lossesAfter?.[k])
      ? [{ task, before: last[task]!, after: lossesAfter![k]! }]
      : [],
  );
  const sound = positiveLosses(places.flatMap(({ before, after }) => [before, after])).map(Math.log);
  const now = places.map(({ task }) => recall(logits, task) ?? learnedFrom(0));
  const z = softmax(now.map(({ value }) => value));
  const gains = places.map((_, i) => sound[2 * i]! - sound[2 * i + 1]!);
  const mean = gains.reduce((sum, gain, i) => sum + z[i]! * gain, 0);
  return byTask(
    places.map(({ task }) => task),
    (_, i) => adamStep(now[i]!, z[i]! * (gains[i]! - mean), rate),
  );
}
