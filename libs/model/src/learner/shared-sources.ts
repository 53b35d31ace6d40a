import { fail } from '@trunkline/protocol';
import type { TaskPlan } from '../task.ts';

/** Tasks that share a source, and with it each batch, in the order of the client file. */
export interface SharedSource {
  readonly stream: string;
  readonly batchSize: number;
  readonly plans: readonly TaskPlan[];
}

/** A client's tasks by their source, sources in the order of their first task. @throws BATCH_SIZE_DIFFERS */
export function sharedSources(plans: readonly TaskPlan[]): SharedSource[] {
  return [...new Set(plans.map(({ stream }) => stream))].map((stream) => {
    const sharing = plans.filter((plan) => plan.stream === stream);
    const [first] = sharing as [TaskPlan];
    const sizes = [...new Set(sharing.map(({ batchSize }) => batchSize))];
    if (sizes.length > 1) {
      const tasks = sharing.map(({ id }) => id).join(', ');
      throw fail('BATCH_SIZE_DIFFERS', { at: first.at, tasks, found: sizes.join(', ') });
    }
    return { stream, batchSize: first.batchSize, plans: sharing };
  });
}
