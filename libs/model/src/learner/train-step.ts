import type { GradientSlice, LearnedGradient, StepCall, StepResult, TaskLoss } from '../learner.ts';
import { differentiate, type Gradients, type RoundBatch } from './differentiate.ts';
import { collectSteps, type DueStep } from './due-steps.ts';
import type { Network, NetworkTask } from './network.ts';

const UNSCALED = { loss: 1, junction: 1 };

/** What a step computed, before heads and adapters move. */
interface Computed {
  readonly losses: ReadonlyMap<NetworkTask, number>;
  readonly gradients: readonly LearnedGradient[];
  /** Steps that are due: each head's, each adapter's. */
  readonly due: readonly DueStep[];
}

/**
 * One training step on a round's batch: the trunk's gradient as asked for, then a step of heads and adapters. A task without a labelled
 * row, or whose loss is not finite, gives no gradient and takes no step; its loss says which.
 */
export function trainStep(network: Network, call: StepCall, batch: RoundBatch, weightHeads: boolean): StepResult {
  network.trunkWeights.load(call.theta);
  for (const { weights } of network.tasks) weights.load();
  for (const adapter of network.adapters.values()) adapter.load();

  const ready = network.tasks.filter((task) => batch.labels.get(task)!.labelledRows > 0);
  const computed = (call.exchange === 'sum' ? sumOf : rowsOf)(network, ready, { call, batch, weightHeads });
  const probes = call.probe && call.exchange === 'sum' ? probesOf(network, ready, batch) : [];
  for (const { learned, gradients, factors } of computed.due) learned.step(gradients, factors);

  const losses = network.tasks.map((task): TaskLoss => ({
    task: task.plan.id,
    loss: computed.losses.get(task) ?? NaN,
    labelled: batch.labels.get(task)!.labelledRows,
  }));
  return { losses, gradients: [...computed.gradients, ...probes] };
}

interface Step {
  readonly call: StepCall;
  readonly batch: RoundBatch;
  readonly weightHeads: boolean;
}

/** A task that the call does not name has λ = 1. */
export const lambdaOf = ({ lambda }: StepCall, { plan }: NetworkTask): number => lambda[plan.id] ?? 1;

/** One differentiation of Σ λ_k L_k; while a loss is not finite, once more without its task. */
function sumOf(network: Network, ready: readonly NetworkTask[], { call, batch, weightHeads }: Step): Computed {
  const losses = new Map<NetworkTask, number>();
  let tasks = ready;
  while (tasks.length > 0) {
    const scaleOf = (task: NetworkTask) => {
      const lambda = lambdaOf(call, task);
      return weightHeads ? { loss: lambda, junction: 1 } : { loss: 1, junction: lambda };
    };
    const found = differentiate(network, tasks, batch, { scaleOf });
    for (const [k, task] of tasks.entries()) losses.set(task, found.losses[k]!);
    const finite = tasks.filter((task) => Number.isFinite(losses.get(task)));
    if (finite.length === tasks.length) {
      const heads = tasks.map(({ weights }, k) => ({ learned: weights, gradients: [found.heads[k]!], factors: [1] }));
      const adapters = [...found.adapters].map(([learned, gradient]) => ({
        learned,
        gradients: [gradient],
        factors: [1],
      }));
      const gradients = network.frozenTrunk ? [] : [gradientOf('sum', tasks, found.trunk)];
      return { losses, gradients, due: [...heads, ...adapters] };
    }
    tasks = finite;
  }
  return { losses, gradients: [], due: [] };
}

/** One differentiation of L_k a task; λ enters with the steps of heads and adapters only. */
function rowsOf(network: Network, ready: readonly NetworkTask[], { call, batch, weightHeads }: Step): Computed {
  const losses = new Map<NetworkTask, number>();
  const gradients: LearnedGradient[] = [];
  const due = collectSteps();
  for (const task of ready) {
    const {
      losses: [loss],
      trunk,
      heads: [head],
      adapters,
    } = single(network, task, batch);
    losses.set(task, loss!);
    if (!Number.isFinite(loss)) continue;
    const lambda = lambdaOf(call, task);
    gradients.push(gradientOf('row', [task], trunk));
    due.add(task.weights, head!, weightHeads ? lambda : 1);
    due.add(task.adapter, adapters.get(task.adapter)!, lambda);
  }
  return { losses, gradients, due: due.steps() };
}

/** One task by itself: its loss, and the unscaled gradients of trunk, head and adapter. @param trunk where that of the trunk is written */
export const single = (network: Network, task: NetworkTask, batch: RoundBatch, trunk?: Float32Array): Gradients =>
  differentiate(network, [task], batch, { scaleOf: () => UNSCALED, trunk });

function probesOf(network: Network, ready: readonly NetworkTask[], batch: RoundBatch): LearnedGradient[] {
  return ready.flatMap((task) => {
    const {
      losses: [loss],
      trunk,
    } = single(network, task, batch);
    return Number.isFinite(loss) ? [gradientOf('probe', [task], trunk)] : [];
  });
}

export const gradientOf = (
  kind: LearnedGradient['kind'],
  tasks: readonly NetworkTask[],
  values: Float32Array,
): LearnedGradient => ({
  kind,
  tasks: tasks.map(({ plan }) => plan.id),
  slices: wholeSlice(values),
});

async function* wholeSlice(values: Float32Array): AsyncGenerator<GradientSlice> {
  yield { offset: 0, values };
}
