import type { Plan, TrunkStep } from '@trunkline/coordinator';
import { keepBest, type Learner } from '@trunkline/model/learner';
import { createBestEvaluation, type ValidationScore } from '@trunkline/model/metrics';
import { betterOf } from './result.ts';

/** `select` and `stopAfter` without sockets: what coordinator and clients say to each other, said here by calls. */
export interface Selecting {
  /** Scores the trunk where one is due. @returns whether `stopAfter` is reached */
  scored(keeper: TrunkStep): Promise<boolean>;
  /** The trunk to test; with `select: best` heads and adapters are put back to its round. */
  chosen(keeper: TrunkStep): Float32Array;
}

export function createSelecting(
  { config: { select, stopAfter, evaluateEvery, rounds } }: Plan,
  seats: readonly { readonly client: string; readonly learner: Learner }[],
): Selecting {
  const evaluations = createBestEvaluation();
  const kept = seats.map(({ learner }) => keepBest(learner));
  const idle = select === 'last' && stopAfter === undefined;
  return {
    async scored({ version, theta }) {
      if (idle || (version % evaluateEvery !== 0 && version !== rounds)) return false;
      const scores: ValidationScore[] = [];
      for (const { client, learner } of seats) {
        for (const { task, metrics } of await learner.evaluate(theta, 'validation')) {
          const [metric = '', value] = Object.entries(metrics)[0] ?? [];
          scores.push({ key: `${task}@${client}`, value, better: betterOf(metric) });
        }
      }
      evaluations.hear(version, scores);
      for (const one of kept) {
        one.offer(version, theta);
        if (evaluations.version !== null) one.confirm(evaluations.version);
      }
      return stopAfter !== undefined && evaluations.since >= stopAfter;
    },
    chosen({ theta }) {
      const best = select === 'best' ? evaluations.version : null;
      return best === null ? theta : kept.map((one) => one.restore(best))[0]!;
    },
  };
}
