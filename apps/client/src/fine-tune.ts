import { fail } from '@trunkline/protocol';
import type { Tf } from '@trunkline/model/layer';
import { flatDigest } from '@trunkline/model/layout';
import { createLearner, keepBest, type TaskLoss, type TaskScore } from '@trunkline/model/learner';
import { createBestEvaluation, metricOf } from '@trunkline/model/metrics';
import { encodeSnapshot } from '@trunkline/model/store';
import type { TaskPlan } from '@trunkline/model/task';
import type { Trunk } from '@trunkline/model/trunk';
import type { TestedTrunk } from './finished-model.ts';

export interface FineTuning {
  readonly tf: Tf;
  readonly client: string;
  readonly plans: readonly TaskPlan[];
  readonly trunk: Trunk;
  /** The trunk's values, flat, in its layout. */
  readonly theta: Float32Array;
  /** Rounds that made them. */
  readonly version: number;
  readonly rounds: number;
  readonly seed: number;
  /** The validation split is scored after N, 2N, … rounds and after the last. */
  readonly evaluateEvery: number;
  /** Which heads and adapters are kept: those of the last round, or of the best validation scores (mean gain on the first evaluation). */
  readonly select: 'last' | 'best';
  readonly scored: (round: number, scores: readonly TaskScore[]) => void;
}

export interface FineTuned {
  /** Test scores of the heads and adapters that are kept. */
  readonly scores: readonly TaskScore[];
  /** The round that they are of. */
  readonly kept: number;
  /** The trunk's float32 bytes, before as after. */
  readonly sha256: string;
  /** What `state.safetensors` holds of a run that is over. */
  readonly state: Uint8Array;
}

/** A task whose loss is not finite for so many rounds running ends the training, as it ends a run. */
const PATIENCE = 10;

/**
 * Trains heads and adapters of one client on a trunk that stays as it is: no coordinator, no one else. Batches, initial heads and optimizers
 * are those that the client would have in a run of this seed.
 * @throws TRUNK_INPUT, DATA_*, TASK_DIVERGED; UNEXPECTED where the trunk's bytes changed
 */
export async function fineTune(given: FineTuning): Promise<FineTuned> {
  const { tf, client, plans, trunk, theta, version, rounds, seed, evaluateEvery, select, scored } = given;
  const sha256 = flatDigest(theta);
  const learner = await createLearner({ tf, trunk, tasks: plans, seed, client, weightHeads: true, frozenTrunk: true });
  const evaluations = createBestEvaluation();
  const best = keepBest(learner);
  const streaks = new Map<string, number>();
  try {
    for (let round = 0; round < rounds; round++) {
      const { losses } = await learner.step({ round, theta, lambda: {}, exchange: 'sum', probe: false });
      for (const loss of losses) refuseDivergence(loss, { client, round, streaks });
      const done = round + 1;
      if (done % evaluateEvery === 0 || done === rounds) {
        const scores = await learner.evaluate(theta, 'validation');
        scored(done, scores);
        evaluations.hear(
          done,
          scores.map((score) => validationOf(score, plans)),
        );
        best.offer(done, theta);
        if (evaluations.version !== null) best.confirm(evaluations.version);
      }
    }
    const kept = (select === 'best' ? evaluations.version : null) ?? rounds;
    if (kept !== rounds) best.restore(kept);
    const scores = await learner.evaluate(theta, 'test');
    if (flatDigest(theta) !== sha256) throw fail('UNEXPECTED', { what: 'the bytes of a frozen trunk changed' });
    const tested: TestedTrunk = { spec: trunk.spec, version, values: theta };
    return { scores, kept, sha256, state: encodeSnapshot({ ...(learner.snapshot() as object), trunk: tested }) };
  } finally {
    learner.dispose();
  }
}

function validationOf({ task, metrics }: TaskScore, plans: readonly TaskPlan[]) {
  const [metric = '', value] = Object.entries(metrics)[0] ?? [];
  return {
    key: task,
    value,
    better: metricOf(
      plans.find(({ id }) => id === task)!,
      metric,
    ).better,
  };
}

function refuseDivergence(
  { task, loss, labelled }: TaskLoss,
  { client, round, streaks }: { client: string; round: number; streaks: Map<string, number> },
): void {
  if (labelled === 0) return;
  const streak = Number.isFinite(loss) ? 0 : (streaks.get(task) ?? 0) + 1;
  streaks.set(task, streak);
  if (streak >= PATIENCE) throw fail('TASK_DIVERGED', { task, client, rounds: PATIENCE, round });
}
