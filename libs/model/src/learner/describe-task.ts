import type { TaskOffer } from '@trunkline/protocol';
import { metricOf } from '../metrics/index.ts';
import type { TaskPlan } from '../task.ts';
import type { Trunk } from '../trunk/trunk.ts';
import { placeTask, sharedAdapter } from './place-tasks.ts';

/**
 * What the coordinator needs to know of a task: nothing of its data but how many training rows carry a label.
 * @throws as `createLearner` does for the same plan
 */
export async function describeTask(plan: TaskPlan, trunk: Trunk): Promise<TaskOffer> {
  const { head, ownAdapter, labelledRows } = await placeTask(plan, trunk);
  return {
    id: plan.id,
    replica: plan.replica,
    head: head.kind,
    output: [...(ownAdapter ?? sharedAdapter(plan, trunk)).outputShape],
    labelled: labelledRows,
    metrics: plan.metrics.map((name) => ({ name, better: metricOf(plan, name).better })),
  };
}
