import { createTrunkStep, orderedSum, type Plan } from '@trunkline/coordinator';
import { kernels } from '@trunkline/model/kernel';
import type { Tf } from '@trunkline/model/layer';
import { createLearner, type TaskScore } from '@trunkline/model/learner';
import type { TaskPlan } from '@trunkline/model/task';
import { whole } from './in-process.ts';
import { furtherCall } from './rehearsal.ts';
import { createSelecting } from './selecting.ts';

/**
 * Trains one task alone for all rounds of the plan and scores the last trunk on the test split. In mode `local` a round has the same H
 * local steps; in `buffered` it is one answer from the newest trunk, for alone there is nobody to be late for.
 * @param plan of a run with fixed λ and `exchange: sum`: alone there is nothing to weigh or to combine
 */
export async function trainTaskAlone(
  tf: Tf,
  plan: Plan,
  { client, task }: { client: string; task: TaskPlan },
): Promise<TaskScore> {
  const { trunk, config } = plan;
  const learner = await createLearner({ tf, trunk, tasks: [task], seed: config.seed, client, weightHeads: true });
  const keeper = createTrunkStep(plan);
  const selecting = createSelecting(plan, [{ client, learner }]);
  const { length } = trunk.layout;
  const into = kernels()
    .room(8 * length + 8192)
    .float64(length);
  let enough = false;
  while (keeper.version < config.rounds && !enough) {
    const { gradients } = await learner.step({
      round: keeper.version,
      theta: keeper.theta,
      lambda: { [task.id]: 1 },
      exchange: 'sum',
      probe: false,
      ...furtherCall(plan, keeper, undefined),
    });
    const [gradient] = gradients;
    const sum = orderedSum(length, [client], { into });
    sum.put(client, gradient ? await whole(gradient.slices, length) : null);
    keeper.advance({ exchange: 'sum', sum: sum.finish(), tasks: 1, share: gradient ? 1 : 0, all: 1 });
    enough = await selecting.scored(keeper);
  }
  const [score] = await learner.evaluate(selecting.chosen(keeper), 'test');
  learner.dispose();
  return score!;
}

/** What makes of a run's overrides those of its tasks alone. */
export const ALONE_OVERRIDES: readonly string[] = ['strategy=weighted-sum', 'exchange=sum', 'weights={}'];
