import { fail } from '@trunkline/protocol';
import { sizeOf, type Layout } from '@trunkline/model/layout';
import { decodeSafetensors, type Disk, type TensorFile } from '@trunkline/model/store';
import type { TaskPlan } from '@trunkline/model/task';
import { buildTrunk, type TrunkSpec } from '@trunkline/model/trunk';
import type { FinishedModel } from './finished-model.ts';
import { placedTask } from './task-model.ts';

/** A model that `client export` wrote, and the task of the client file that it is of. */
export interface TaskModelFile {
  readonly model: FinishedModel;
  readonly plan: TaskPlan;
}

/**
 * Reads an exported `.safetensors` file of one task as what a client has of a run that is over.
 * @param plans the client file's tasks
 * @throws USAGE for another format, MODEL_MISSING, MODEL_OTHER where the client file's task, layers or classes are others, SNAPSHOT_BROKEN
 */
export async function readModelFile(disk: Disk, file: string, plans: readonly TaskPlan[]): Promise<TaskModelFile> {
  if (!file.endsWith('.safetensors')) {
    throw fail('USAGE', {
      what: `--model takes what \`client export --to x.safetensors\` wrote; found ${file}.`,
      remedy: 'Export the model as .safetensors; files of other formats are opened by the tools that they are for.',
    });
  }
  const bytes = disk.read(file);
  if (!bytes) {
    const remedy = 'Name a file that `client export` wrote.';
    throw fail('MODEL_MISSING', { at: file, problem: 'there is no such file', remedy });
  }
  const opened = decodeSafetensors(bytes, file);
  const { metadata } = opened;
  const other = (problem: string) => fail('MODEL_OTHER', { file, problem });
  const plan = plans.find(({ id }) => id === metadata['task']);
  if (!plan) {
    const own = plans.map(({ id }) => id).join(', ');
    throw other(metadata['task'] ? `it is of the task ${metadata['task']}, not of ${own}` : 'it is of no task');
  }
  const trunk = buildTrunk(JSON.parse(metadata['trunk'] ?? '{}') as TrunkSpec, { at: file });
  const { adapter, head, key } = await placedTask([plan], trunk, plan.id);
  for (const [part, { inputShape, specs }] of Object.entries({ adapter, head: head.stack })) {
    if (JSON.stringify({ input: inputShape, layers: specs }) !== metadata[part])
      throw other(`its ${part} has other layers than the client file’s`);
  }
  const { classes } = head.labels;
  if (classes && JSON.stringify(classes) !== metadata['classes'])
    throw other(`its classes are ${metadata['classes'] ?? 'none'}, the client file’s ${JSON.stringify(classes)}`);
  const heads = { [plan.id]: { values: flat(opened, 'head', head.stack.layout, file) } };
  const adapters = { [key]: { values: flat(opened, 'adapter', adapter.layout, file) } };
  const model = {
    run: metadata['run'] ?? '',
    trunk,
    version: Number(metadata['rounds']),
    theta: flat(opened, 'trunk', trunk.layout, file),
    heads,
    adapters,
    scores: [],
    learner: { heads, adapters },
  };
  return { model, plan };
}

function flat({ tensors }: TensorFile, part: string, { slots, length }: Layout, file: string): Float32Array {
  const values = new Float32Array(length);
  for (const { name, offset, size } of slots) {
    const tensor = tensors[`${part}-${name}`];
    if (!tensor || sizeOf(tensor.shape) !== size)
      throw fail('SNAPSHOT_BROKEN', { file, problem: `the tensor ${part}-${name} is missing or has another shape` });
    values.set(tensor.values as Float32Array, offset);
  }
  return values;
}
