import type { Target } from '../head/index.ts';
import type { TaskPlan } from '../task.ts';

/** A task's target as heads are placed by it: the training split's column, and where its rows stand. */
export const trainingTarget = async ({ source, target, at }: TaskPlan): Promise<Target> => ({
  name: target,
  training: await source.column('train', target),
  file: source.file,
  at,
  place: (row) => source.place?.('train', row, target) ?? row,
});
