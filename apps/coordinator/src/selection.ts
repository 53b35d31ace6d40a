import { createBestEvaluation, type HeardScores } from '@trunkline/model/metrics';
import type { Members } from './members.ts';
import type { Plan } from './plan.ts';
import type { Scoring } from './round-events.ts';
import type { ScoredTask } from './run-events.ts';
import type { TrunkStep } from './trunk-step.ts';

/** What a checkpoint keeps of it. */
export interface SelectionState {
  readonly heard: readonly HeardScores[];
  readonly trunk: Float32Array | null;
}

/** Follows the validation scores of a run: which trunk is the best, and whether it is time to stop. */
export interface Selection {
  /** Takes the scores of the current trunk. @returns whether `stopAfter` is reached */
  judge(keeper: TrunkStep, scores: readonly ScoredTask[], members: Members): boolean;
  /** The best trunk so far; null: none, or the run does not select. */
  readonly best: number | null;
  readonly trunk: Float32Array | null;
  /** What an `evaluate` message says in addition. */
  forScoring(split: Scoring): { best?: number };
  /** A client has lost the heads that it had: no trunk of their time can be tested with them any more. */
  forget(): void;
  /** Everything that it has followed so far; not copied, for what it holds never changes. */
  snapshot(): SelectionState;
  restore(state: SelectionState): void;
}

export function createSelection({ config: { select, stopAfter } }: Plan): Selection {
  let evaluations = createBestEvaluation();
  let trunk: Float32Array | null = null;
  const best = () => (select === 'best' ? evaluations.version : null);
  return {
    judge(keeper, scores, members) {
      const offersOf = (client: string) => members.all.get(client)?.offers ?? [];
      const validation = scores.map(({ task, client, metrics }) => {
        const score = offersOf(client).find(({ id }) => id === task)?.metrics[0];
        return { key: `${task}@${client}`, value: metrics[score?.name ?? ''], better: score?.better ?? 'higher' };
      });
      evaluations.hear(keeper.version, validation);
      // A trunk that was handed out never changes: no copy is needed.
      if (best() === keeper.version) trunk = keeper.theta;
      return stopAfter !== undefined && evaluations.since >= stopAfter;
    },
    get best() {
      return best();
    },
    get trunk() {
      return trunk;
    },
    forScoring(split) {
      const chosen = best();
      return split === 'test' && chosen !== null ? { best: chosen } : {};
    },
    forget() {
      evaluations.forget();
      trunk = null;
    },
    snapshot: () => ({ heard: evaluations.heard, trunk }),
    restore(state) {
      evaluations = createBestEvaluation(state.heard);
      trunk = state.trunk;
    },
  };
}
