import { withGradient } from '../layer/custom-gradient.ts';
import { forward } from '../layer/forward.ts';
import type { Tensor } from '../layer/layer.ts';
import type { Draw } from '../aggregation/strategy.ts';
import { randomStream, type Random } from '../random.ts';
import type { Learned } from './learned.ts';
import type { Network, NetworkTask } from './network.ts';

/** Where a pass takes its chance from; undefined: nothing is left to chance, as in an evaluation. */
export interface Chance {
  readonly stream: string;
  readonly round: number;
  /** A further batch of the round has masks of its own. */
  readonly draw?: Draw | undefined;
}

export interface ForwardCall {
  readonly chance: Chance | undefined;
  /** What multiplies a task's gradient where it leaves the head for the trunk; left out: 1. */
  readonly junction?: (task: NetworkTask) => number;
}

/**
 * Outputs [rows, width] of some tasks of one source, from its rows [rows, ...inputShape]. Tasks with one adapter share one trunk pass;
 * every pass of a batch has the same dropout masks. Weights must be loaded; runs inside `tf.tidy`.
 */
export function forwardTasks(
  network: Network,
  tasks: readonly NetworkTask[],
  rows: Tensor,
  call: ForwardCall,
): Tensor[] {
  const { tf, trunk, trunkWeights } = network;
  const context = (place: string) => ({
    tf,
    training: call.chance !== undefined,
    random: (layer: string) => layerRandom(network.seed, call.chance!, place + layer),
  });
  const passes = new Map<Learned, Tensor>();
  const hiddenOf = ({ adapter, plan }: NetworkTask): Tensor => {
    const known = passes.get(adapter);
    if (known) return known;
    const own = plan.ownAdapter ? `adapter/${plan.id}/` : 'adapter/';
    const input = forward(adapter.stack, rows, adapter.weights.variables, context(own));
    const hidden = forward(trunk, input, trunkWeights.variables, context(''));
    passes.set(adapter, hidden);
    return hidden;
  };
  return tasks.map((task) => {
    const hidden = scaleGradient(network, hiddenOf(task), call.junction?.(task) ?? 1);
    return forward(task.head.stack, hidden, task.weights.weights.variables, context(`head/${task.plan.id}/`));
  });
}

const layerRandom = (seed: number, { stream, round, draw }: Chance, layer: string): Random =>
  randomStream(seed, draw ? `dropout-${draw}` : 'dropout', stream, round, layer);

/** The identity, whose gradient is multiplied by `factor`. */
function scaleGradient({ tf }: Network, x: Tensor, factor: number): Tensor {
  if (factor === 1) return x;
  return withGradient(tf, [x], ([value]) => ({
    value: value!.clone(),
    gradFunc: (dy) => tf.mul(dy, factor),
  }));
}
