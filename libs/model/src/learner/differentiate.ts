import type { Scalar, Variable } from '@tensorflow/tfjs';
import type { Rows } from '../data/source.ts';
import type { Tensor } from '../layer/layer.ts';
import type { Draw } from '../aggregation/strategy.ts';
import { encodeLabels, lossOf, type EncodedLabels } from './encode-labels.ts';
import { forwardTasks } from './forward-tasks.ts';
import type { Learned } from './learned.ts';
import type { Network, NetworkSource, NetworkTask } from './network.ts';

/** The batch of one round: every source's rows, every task's labels. */
export interface RoundBatch {
  readonly round: number;
  readonly rows: ReadonlyMap<NetworkSource, Rows>;
  readonly labels: ReadonlyMap<NetworkTask, EncodedLabels>;
  /** Not the round's own batch, but this further one: its chance is its own too. */
  readonly draw?: Draw;
}

export function roundBatch(round: number, rows: ReadonlyMap<NetworkSource, Rows>, draw?: Draw): RoundBatch {
  const labels = new Map<NetworkTask, EncodedLabels>();
  for (const [{ tasks }, { targets }] of rows) {
    for (const task of tasks) labels.set(task, encodeLabels(task, targets[task.plan.target]!));
  }
  return { round, rows, labels, ...(draw ? { draw } : {}) };
}

/** How a task enters the sum that is differentiated. */
export interface Scale {
  /** Multiplies its loss: trunk, adapter and head. */
  readonly loss: number;
  /** Multiplies its gradient below the head: trunk and adapter. */
  readonly junction: number;
}

export interface Gradients {
  /** Unscaled losses, one a task. */
  readonly losses: readonly number[];
  /** Of a frozen trunk: zeros. */
  readonly trunk: Float32Array;
  /** One a task. */
  readonly heads: readonly Float32Array[];
  readonly adapters: ReadonlyMap<Learned, Float32Array>;
}

/**
 * Losses and gradients of Σ scale · L_k, added in the order of `tasks`, in one differentiation over trunk, heads and adapters. Weights
 * must be loaded. Leaves no tensor behind and changes nothing.
 * @param how.trunk where the trunk's gradient is written; left out: a new array
 */
export function differentiate(
  network: Network,
  tasks: readonly NetworkTask[],
  batch: RoundBatch,
  { scaleOf, trunk }: { readonly scaleOf: (task: NetworkTask) => Scale; readonly trunk?: Float32Array | undefined },
): Gradients {
  const { tf, trunkWeights, frozenTrunk } = network;
  const adapters = [...new Set(tasks.map(({ adapter }) => adapter))];
  const variables: Variable[] = [
    ...(frozenTrunk ? [] : trunkWeights.variables),
    ...[...tasks.map(({ weights }) => weights), ...adapters].flatMap(({ weights }) => weights.variables),
  ];
  let found: Gradients | undefined;
  tf.tidy(() => {
    let kept: Tensor[] = [];
    const { grads } = tf.variableGrads(() => {
      const losses = taskLosses(network, tasks, batch, (task) => scaleOf(task).junction);
      kept = losses.map((loss) => tf.keep(loss));
      const terms = losses.map((loss, k) => scaled(network, loss, scaleOf(tasks[k]!).loss));
      return (terms.length === 1 ? terms[0] : tf.addN(terms)) as Scalar;
    }, variables);
    found = {
      losses: kept.map((loss) => loss.dataSync()[0]!),
      trunk: trunkWeights.gradient(grads, trunk),
      heads: tasks.map(({ weights }) => weights.weights.gradient(grads)),
      adapters: new Map(adapters.map((adapter) => [adapter, adapter.weights.gradient(grads)])),
    };
    tf.dispose(kept);
  });
  return found!;
}

/** Losses of a batch, one a task, without differentiating; its chance falls as it does in a step. Weights must be loaded. */
export function lossesOf(network: Network, tasks: readonly NetworkTask[], batch: RoundBatch): number[] {
  const { tf } = network;
  const found: number[] = [];
  tf.tidy(() => {
    for (const loss of taskLosses(network, tasks, batch, () => 1)) found.push(loss.dataSync()[0]!);
  });
  return found;
}

/** Scalars, in the order of `tasks`; sources in the order of their first task. */
function taskLosses(
  network: Network,
  tasks: readonly NetworkTask[],
  { round, rows, labels, draw }: RoundBatch,
  junction: (task: NetworkTask) => number,
): Tensor[] {
  const { tf } = network;
  const losses = new Map<NetworkTask, Tensor>();
  for (const source of network.sources) {
    const sharing = tasks.filter((task) => source.tasks.includes(task));
    if (sharing.length === 0) continue;
    const { size, inputs } = rows.get(source)!;
    const x = tf.tensor(inputs, [size, ...source.source.inputShape]);
    const chance = { stream: source.stream, round, draw };
    const outputs = forwardTasks(network, sharing, x, { chance, junction });
    for (const [i, task] of sharing.entries()) losses.set(task, lossOf(tf, task, outputs[i]!, labels.get(task)!));
  }
  return tasks.map((task) => losses.get(task)!);
}

const scaled = ({ tf }: Network, loss: Tensor, factor: number): Tensor => (factor === 1 ? loss : tf.mul(loss, factor));
