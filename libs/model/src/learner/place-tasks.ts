import { fail } from '@trunkline/protocol';
import { placeAdapter } from '../adapter/index.ts';
import { SPLITS, type Source, type Split } from '../data/source.ts';
import { placeHead, type Head } from '../head/index.ts';
import type { Stack } from '../layer/stack.ts';
import { elementWeights, lossLabels, placeLoss, type Loss } from '../loss/index.ts';
import type { TaskPlan } from '../task.ts';
import type { Trunk } from '../trunk/trunk.ts';
import { sharedSources } from './shared-sources.ts';
import { trainingTarget } from './training-target.ts';

/** A task with its head, its loss and, where it has its own, its adapter placed; no weights yet. */
export interface PlacedTask {
  readonly plan: TaskPlan;
  readonly head: Head;
  readonly loss: Loss;
  readonly ownAdapter: Stack | undefined;
  /** Rows of the training split with at least one label. */
  readonly labelledRows: number;
}

/** A source with the tasks that share it, in the order of the client file. */
export interface PlacedSource {
  readonly stream: string;
  readonly source: Source;
  readonly batchSize: number;
  /** Raw input → trunk input for all tasks without their own adapter; undefined when every task has its own. */
  readonly adapter: Stack | undefined;
  readonly tasks: readonly PlacedTask[];
}

/**
 * Sources in the order of their first task. All labels of all splits are read once, so that a wrong one is found before round 0.
 * @throws BATCH_SIZE_DIFFERS, TRUNK_INPUT, TARGET_UNKNOWN, DATA_SHAPE, DATA_LABEL_RANGE, DATA_NO_LABELS, CONFIG_INVALID, LAYER_ errors
 */
export async function placeTasks(plans: readonly TaskPlan[], trunk: Trunk): Promise<PlacedSource[]> {
  const sources: PlacedSource[] = [];
  for (const { stream, batchSize, plans: sharing } of sharedSources(plans)) {
    const tasks: PlacedTask[] = [];
    for (const plan of sharing) tasks.push(await placeTask(plan, trunk));
    const { source } = sharing[0]!;
    const user = sharing.find(({ ownAdapter }) => ownAdapter === undefined);
    sources.push({ stream, source, batchSize, adapter: user && sharedAdapter(user, trunk), tasks });
  }
  return sources;
}

/** @throws as `placeTasks` does */
export async function placeTask(plan: TaskPlan, trunk: Trunk): Promise<PlacedTask> {
  const { id, source, target, at } = plan;
  if (!Object.hasOwn(source.targets, target)) {
    throw fail('TARGET_UNKNOWN', { at, task: id, target, known: Object.keys(source.targets).join(', ') });
  }
  const ownAdapter =
    plan.ownAdapter && placeAdapter(plan.ownAdapter, source.inputShape, trunk.inputShape, { task: id, at });
  if (!ownAdapter) sharedAdapter(plan, trunk);
  const head = placeHead(plan.head, {
    inputShape: trunk.outputShape,
    target: await trainingTarget(plan),
    lossLabels: lossLabels(plan.loss),
  });
  for (const split of SPLITS) await readLabels(plan, head, split);
  const training = await readLabels(plan, head, 'train');
  const { width, labels } = head;
  const loss = placeLoss(plan.loss, { width, classes: labels.classes, training, at });
  const { labelledRows } = elementWeights(training, {});
  if (labelledRows === 0) throw fail('DATA_NO_LABELS', { at, task: id, split: 'train' });
  return { plan, head, loss, ownAdapter, labelledRows };
}

/** The source's adapter as `plan` uses it. */
export const sharedAdapter = ({ sourceAdapter, source, id, at }: TaskPlan, trunk: Trunk): Stack =>
  placeAdapter(sourceAdapter, source.inputShape, trunk.inputShape, { task: id, at });

const readLabels = async ({ source, target }: TaskPlan, head: Head, split: Split) =>
  head.labels.read(await source.column(split, target), (row) => source.place?.(split, row, target) ?? row);
