import { fail } from '@trunkline/protocol';
import { SPLITS } from '../data/source.ts';
import { headLabels } from '../head/index.ts';
import { elementWeights, lossLabels, type Labels } from '../loss/index.ts';
import type { TaskPlan } from '../task.ts';
import { trainingTarget } from './training-target.ts';
import { refuseUnseenClass } from './unseen-class.ts';

/**
 * Reads every label of a task once, in all splits, without a trunk: a wrong one is found before its client connects.
 * @throws DATA_SHAPE, DATA_LABEL_RANGE, DATA_TARGET_NOT_FINITE, DATA_NO_LABELS, DATA_CLASS_UNSEEN, DATA_BOX_OUTSIDE, CONFIG_INVALID
 */
export async function checkLabels(plan: TaskPlan): Promise<void> {
  const { id, source, target, head, loss, at } = plan;
  const labels = headLabels(head, { target: await trainingTarget(plan), lossLabels: lossLabels(loss) });
  let seen: Labels | undefined;
  for (const split of SPLITS) {
    const read = labels.read(await source.column(split, target), (row) => source.place?.(split, row, target) ?? row);
    seen ??= read;
    if (split === 'train' && elementWeights(read, {}).labelledRows === 0) {
      throw fail('DATA_NO_LABELS', { at, task: id, split });
    }
    if (labels.kind === 'class') {
      refuseUnseenClass(labels.classes!, seen, { labels: read, split, file: source.file, at });
    }
  }
}
