import { combineRows } from '../aggregation/combine.ts';
import { chosenOf } from '../config/one-of.ts';
import type { LearnedGradient, LocalCall, StepCall, StepResult, TaskLoss } from '../learner.ts';
import { optimizerSchema } from '../optimizer/index.ts';
import type { RoundBatch } from './differentiate.ts';
import { collectSteps } from './due-steps.ts';
import { driftOf, nextControl, startWalk, type Walk } from './local-walk.ts';
import type { Network, NetworkTask } from './network.ts';
import { gradientOf, lambdaOf, single } from './train-step.ts';
import { createWalkMemory, type WalkMemory } from './walk-memory.ts';

/** One task's part of a round. */
interface Part extends Walk {
  steps: number;
  loss: number;
  labelled: number;
  diverged: boolean;
}

export interface LocalContext {
  readonly weightHeads: boolean;
  /** The batch of a step of the run. */
  readonly batchAt: (step: number) => Promise<RoundBatch>;
  /** SCAFFOLD's c_k by task id; absent: zero. Changed by a round. */
  readonly controls: Map<string, Float32Array>;
  /** Where each task walks, round after round; filled as tasks need it. */
  readonly walks: Map<NetworkTask, WalkMemory>;
}

/**
 * H local steps of every task, each from θ on its own copy of the trunk; the steps of round r are r·H … r·H+H−1 of the run, for batches and
 * for chance. At each step all tasks are differentiated with the heads and adapters as they stand, then these step once: an
 * adapter that tasks share along Σ λ_k of their gradients in task order. A task whose loss is not finite stops there and sends no row.
 */
export async function localSteps(
  network: Network,
  call: StepCall & { local: LocalCall },
  context: LocalContext,
): Promise<StepResult> {
  const { local, theta } = call;
  const drifts = local.scaffold
    ? (id: string) => driftOf(local.control ?? null, context.controls.get(id), theta.length)
    : () => undefined;
  const begin = (task: NetworkTask): Part => {
    const memory = context.walks.get(task) ?? createWalkMemory(theta.length);
    context.walks.set(task, memory);
    const walk = startWalk(theta, local, drifts(task.plan.id), memory);
    return { ...walk, steps: 0, loss: 0, labelled: 0, diverged: false };
  };
  const parts = new Map(network.tasks.map((task) => [task, begin(task)]));
  const first = call.round * local.steps;
  for (let number = first; number < first + local.steps; number++) {
    stepAll(network, parts, { call, batch: await context.batchAt(number), number, weightHeads: context.weightHeads });
  }
  const sent = [...parts].flatMap(([task, part]): Sent[] =>
    part.steps > 0 && !part.diverged ? [{ task, row: part.row() }] : [],
  );
  if (local.scaffold) for (const { task, row } of sent) updateControl(task.plan.id, row, local, context.controls);
  const losses = [...parts].map(([{ plan }, { steps, loss, labelled, diverged }]): TaskLoss => ({
    task: plan.id,
    loss: diverged || steps === 0 ? NaN : loss / steps,
    labelled,
  }));
  return { losses, gradients: gradientsOf(call, sent) };
}

function stepAll(
  network: Network,
  parts: ReadonlyMap<NetworkTask, Part>,
  step: { call: StepCall; batch: RoundBatch; number: number; weightHeads: boolean },
): void {
  const { call, batch, number, weightHeads } = step;
  for (const { weights } of network.tasks) weights.load();
  for (const adapter of network.adapters.values()) adapter.load();
  const due = collectSteps();
  for (const [task, part] of parts) {
    const { labelledRows } = batch.labels.get(task)!;
    if (labelledRows === 0 || part.diverged) continue;
    network.trunkWeights.load(part.theta);
    const { losses, trunk, heads, adapters } = single(network, task, batch, part.gradient);
    part.labelled += labelledRows;
    part.diverged = !Number.isFinite(losses[0]);
    if (part.diverged) continue;
    part.loss += losses[0]!;
    part.steps++;
    const lambda = lambdaOf(call, task);
    due.add(task.weights, heads[0]!, weightHeads ? lambda : 1);
    due.add(task.adapter, adapters.get(task.adapter)!, lambda);
    part.move(trunk, number);
  }
  for (const { learned, gradients, factors } of due.steps()) learned.step(gradients, factors);
}

/** A row that is not finite will not be counted; the control variate must not remember it either. */
function updateControl(task: string, row: Float32Array, local: LocalCall, controls: Map<string, Float32Array>): void {
  if (!row.every(Number.isFinite)) return;
  const { learningRate } = chosenOf(optimizerSchema.parse(local.optimizer)).parameters as { learningRate: number };
  const held = { control: local.control ?? null, own: controls.get(task) };
  controls.set(task, nextControl(held, row, local.steps * learningRate));
}

/** A task that has something to send. */
interface Sent {
  readonly task: NetworkTask;
  readonly row: Float32Array;
}

/** Rows as the coordinator wants them, scaled by `local.scale`; a probe's rows carry neither λ nor scale. */
function gradientsOf(call: StepCall & { local: LocalCall }, sent: readonly Sent[]) {
  const { exchange, probe, local } = call;
  const scaleOf = ({ plan }: NetworkTask) => local.scale?.[plan.id] ?? 1;
  if (exchange === 'rows') {
    return sent.map(({ task, row }) => {
      const scale = scaleOf(task);
      return gradientOf('row', [task], scale === 1 ? row : row.map((value) => value * scale));
    });
  }
  if (sent.length === 0) return [];
  const factors = sent.map(({ task }) => lambdaOf(call, task) * scaleOf(task));
  const rows = sent.map(({ row }) => row);
  const tasks = sent.map(({ task }) => task);
  const gradients: LearnedGradient[] = [gradientOf('sum', tasks, combineRows(rows, factors))];
  if (probe) gradients.push(...sent.map(({ task, row }) => gradientOf('probe', [task], row)));
  return gradients;
}
