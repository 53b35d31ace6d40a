import { fail } from '@trunkline/protocol';
import { aboutOf, readModel, type ExportedModel } from '@trunkline/model/export';
import type { Stack } from '@trunkline/model/layer';
import type { Disk } from '@trunkline/model/store';
import type { TaskPlan } from '@trunkline/model/task';
import { buildTrunk, parseTrunkSpec } from '@trunkline/model/trunk';
import type { FinishedModel } from './finished-model.ts';
import { placedTask, scoresOf } from './task-model.ts';

/** A model that `client export` wrote, and the task of the client file that it is of. */
export interface TaskModelFile {
  readonly model: FinishedModel;
  readonly plan: TaskPlan;
}

/**
 * Reads an exported model of one task, in any of the formats that `client export` writes, as what a client has of a run that is over.
 * @param plans the client file's tasks
 * @throws MODEL_MISSING, MODEL_OTHER where the client file's task, layers or classes are others, DATA_FILE_BROKEN
 */
export async function readModelFile(disk: Disk, file: string, plans: readonly TaskPlan[]): Promise<TaskModelFile> {
  const opened = readModel(disk, file);
  const { notes } = opened;
  const other = (problem: string) => fail('MODEL_OTHER', { file, problem });
  const plan = plans.find(({ id }) => id === notes['task']);
  if (!plan) {
    const own = plans.map(({ id }) => id).join(', ');
    throw other(notes['task'] ? `it is of the task ${notes['task']}, not of ${own}` : 'it is of no task');
  }
  const notJson = () => other('its note of the trunk’s layers is not JSON');
  const trunk = buildTrunk(parseTrunkSpec(notes['trunk']!, notJson), { at: file });
  const { adapter, head, key } = await placedTask([plan], trunk, plan.id);
  for (const [part, { inputShape, specs }] of Object.entries({ adapter, head: head.stack })) {
    if (JSON.stringify({ input: inputShape, layers: specs }) !== notes[part])
      throw other(`its ${part} has other layers than the client file’s`);
  }
  const { classes } = head.labels;
  if (classes && JSON.stringify(classes) !== notes['classes'])
    throw other(`its classes are ${notes['classes'] ?? 'none'}, the client file’s ${JSON.stringify(classes)}`);
  const empty = (stack: Stack) => new Float32Array(stack.layout.length);
  const values = { adapter: empty(adapter), trunk: empty(trunk), head: empty(head.stack) };
  const exported: ExportedModel = {
    name: notes['name'] ?? plan.id,
    parts: [
      { name: 'adapter', stack: adapter, values: values.adapter },
      { name: 'trunk', stack: trunk, values: values.trunk },
      { name: 'head', stack: head.stack, values: values.head },
    ],
    scores: scoresOf(head),
    about: aboutOf(notes),
  };
  opened.fill(exported);
  const heads = { [plan.id]: { values: values.head } };
  const adapters = { [key]: { values: values.adapter } };
  const model = {
    run: notes['run'] ?? '',
    trunk,
    version: Number(notes['rounds']),
    theta: values.trunk,
    heads,
    adapters,
    scores: [],
    learner: { heads, adapters },
  };
  return { model, plan };
}
