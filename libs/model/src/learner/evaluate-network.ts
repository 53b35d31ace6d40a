import type { TypedArray } from '@tensorflow/tfjs';
import type { Split } from '../data/source.ts';
import { sizeOf } from '../layout.ts';
import type { TaskPrediction, TaskScore } from '../learner.ts';
import { metricOf } from '../metrics/index.ts';
import { encodeLabels, lossOf } from './encode-labels.ts';
import { forwardTasks } from './forward-tasks.ts';
import type { Network, NetworkSource, NetworkTask } from './network.ts';

/** Elements of inputs that one chunk holds at most, unless a chunk of the least rows is larger. */
const CHUNK_ELEMENTS = 1 << 21;
const LEAST_ROWS = 256;

interface Collected {
  /** Σ loss · labelled rows, over chunks. */
  loss: number;
  labelledRows: number;
  readonly rows: number;
  readonly scores: Float32Array;
  readonly labels: Float32Array;
}

/** Scores of all tasks on a whole split, in the order of the client file. Reads weights and data, changes neither. */
export async function evaluateNetwork(
  network: Network,
  theta: Float32Array,
  split: Exclude<Split, 'train'>,
): Promise<TaskScore[]> {
  const found = await collectSplit(network, theta, split);
  return network.tasks.map((task) => scoreOf(task, found.get(task)!));
}

/** Scores and labels of every row of a split. Reads weights and data, changes neither. */
export async function predictNetwork(network: Network, theta: Float32Array, split: Split): Promise<TaskPrediction[]> {
  const found = await collectSplit(network, theta, split);
  return network.tasks.map((task) => {
    const { scores, labels, rows } = found.get(task)!;
    const { plan, head } = task;
    const { kind, classes } = head.labels;
    return { ...scoreOf(task, found.get(task)!), rows, width: head.width, scores, labels, kind, classes, plan };
  });
}

async function collectSplit(
  network: Network,
  theta: Float32Array,
  split: Split,
): Promise<ReadonlyMap<NetworkTask, Collected>> {
  const found = new Map<NetworkTask, Collected>();
  for (const source of network.sources) {
    for (const [task, collected] of await collectSource(network, source, theta, split)) found.set(task, collected);
  }
  return found;
}

async function collectSource(
  network: Network,
  source: NetworkSource,
  theta: Float32Array,
  split: Split,
): Promise<Map<NetworkTask, Collected>> {
  const size = source.source.sizes[split];
  const chunk = Math.max(LEAST_ROWS, Math.floor(CHUNK_ELEMENTS / sizeOf(source.source.inputShape)));
  const all = new Map(source.tasks.map((task) => [task, emptyOf(task, size)]));
  for (let start = 0; start < size; start += chunk) {
    const rows = Uint32Array.from({ length: Math.min(chunk, size - start) }, (_, i) => start + i);
    await addChunk(network, source, { theta, split, rows }, all);
  }
  return all;
}

const emptyOf = ({ head }: NetworkTask, size: number): Collected => ({
  loss: 0,
  labelledRows: 0,
  rows: size,
  scores: new Float32Array(size * head.width),
  labels: new Float32Array(size * head.labels.columns),
});

async function addChunk(
  network: Network,
  source: NetworkSource,
  { theta, split, rows }: { theta: Float32Array; split: Split; rows: Uint32Array },
  all: ReadonlyMap<NetworkTask, Collected>,
): Promise<void> {
  const { tf, trunkWeights } = network;
  const { size, inputs, targets } = await source.source.read(split, rows);
  trunkWeights.load(theta);
  for (const { weights, adapter } of source.tasks) {
    weights.load();
    adapter.load();
  }
  tf.tidy(() => {
    const x = tf.tensor(inputs, [size, ...source.source.inputShape]);
    const outputs = forwardTasks(network, source.tasks, x, { chance: undefined });
    for (const [i, task] of source.tasks.entries()) {
      const collected = all.get(task)!;
      const encoded = encodeLabels(task, targets[task.plan.target]!);
      collected.scores.set(read(task.head.scores(tf, outputs[i]!)), rows[0]! * task.head.width);
      collected.labels.set(encoded.labels.values, rows[0]! * task.head.labels.columns);
      if (encoded.labelledRows === 0) continue;
      collected.loss += read(lossOf(tf, task, outputs[i]!, encoded))[0]! * encoded.labelledRows;
      collected.labelledRows += encoded.labelledRows;
    }
  });
}

const read = (tensor: { dataSync(): TypedArray }): Float32Array => tensor.dataSync() as Float32Array;

function scoreOf({ plan, head }: NetworkTask, { loss, labelledRows, rows, scores, labels }: Collected): TaskScore {
  const shape = { rows, width: head.width };
  return {
    task: plan.id,
    loss: labelledRows === 0 ? NaN : loss / labelledRows,
    metrics: Object.fromEntries(
      plan.metrics.map((name) => [name, metricOf(plan, name).compute(scores, labels, shape)]),
    ),
  };
}
