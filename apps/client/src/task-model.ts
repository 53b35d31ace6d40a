import { fail } from '@trunkline/protocol';
import { nearestFirst } from '@trunkline/model/config';
import type { ExportedModel, ModelPart } from '@trunkline/model/export';
import type { Head } from '@trunkline/model/head';
import type { Stack } from '@trunkline/model/layer';
import { placeTasks } from '@trunkline/model/learner';
import type { TaskPlan } from '@trunkline/model/task';
import type { Trunk } from '@trunkline/model/trunk';
import type { FinishedModel } from './finished-model.ts';

/**
 * Adapter, trunk and head of one task as one model: from what the task's source gives to the task's scores.
 * @param task left out: the client's only one
 * @throws USAGE, SNAPSHOT_BROKEN, and what placing the tasks raises: TRUNK_INPUT, DATA_*, LAYER_*
 */
export async function taskModel(
  plans: readonly TaskPlan[],
  { run, trunk, version, theta, heads, adapters }: FinishedModel,
  { client, task }: { client: string; task: string | undefined },
): Promise<ExportedModel> {
  const ids = plans.map(({ id }) => id);
  const id = task ?? (ids.length === 1 ? ids[0]! : undefined);
  if (id === undefined || !ids.includes(id)) {
    throw fail('USAGE', {
      what: id === undefined ? 'The client has several tasks, and none was named.' : `The client has no task ${id}.`,
      remedy: `Name one with --task: ${id === undefined ? ids.join(', ') : nearestFirst(id, ids)}.`,
    });
  }
  const { adapter, head, key } = await placedTask(plans, trunk, id);
  const part = (name: ModelPart['name'], stack: ModelPart['stack'], values: Float32Array | undefined): ModelPart => {
    if (values?.length === stack.layout.length) return { name, stack, values };
    const problem = `its ${name} of task ${id} has ${values?.length ?? 'no'} values, the client file’s ${stack.layout.length}.`;
    throw fail('SNAPSHOT_BROKEN', { file: 'The saved state', problem });
  };
  const { classes } = head.labels;
  return {
    name: id,
    parts: [
      part('adapter', adapter, adapters[key]?.values),
      part('trunk', trunk, theta),
      part('head', head.stack, heads[id]?.values),
    ],
    scores: scoresOf(head),
    about: { run, client, task: id, rounds: String(version), ...(classes && { classes: JSON.stringify(classes) }) },
  };
}

/** What turns a head's outputs into scores. */
export function scoresOf({ labels }: Head): ExportedModel['scores'] {
  if (labels.kind === 'class') return 'softmax';
  return labels.kind === 'binary' ? 'sigmoid' : null;
}

/** The layers of one task around a trunk, and the key under which its adapter's values are kept: `<stream>`, or `<stream>/<task>` of its own. */
export async function placedTask(
  plans: readonly TaskPlan[],
  trunk: Trunk,
  id: string,
): Promise<{ adapter: Stack; head: Head; key: string }> {
  const sources = await placeTasks(plans, trunk);
  const source = sources.find(({ tasks }) => tasks.some(({ plan }) => plan.id === id))!;
  const { head, ownAdapter } = source.tasks.find(({ plan }) => plan.id === id)!;
  return { adapter: ownAdapter ?? source.adapter!, head, key: ownAdapter ? `${source.stream}/${id}` : source.stream };
}
