import type { Draw, Wants } from './aggregation/strategy.ts';
import type { Source, Split } from './data/source.ts';
import type { Tf } from './layer/layer.ts';
import type { LabelKind } from './loss/loss.ts';
import type { OptimizerConfig } from './optimizer/index.ts';
import type { TaskPlan } from './task.ts';
import type { Trunk } from './trunk/trunk.ts';

/** What a round of local steps asks in addition. */
export interface LocalCall {
  /** H: how many steps each task takes from θ, on its own copy of the trunk. */
  readonly steps: number;
  /** What moves the copy; it begins anew each round. */
  readonly optimizer: OptimizerConfig;
  /** μ of FedProx; 0: none. */
  readonly proximal: number;
  /** SCAFFOLD: each task keeps a control variate c_k and corrects its steps by c − c_k. The optimizer must then be plain sgd. */
  readonly scaffold: boolean;
  /** The coordinator's control variate c; null or left out: zero. */
  readonly control?: Float32Array | null;
  /** Task → what its row is multiplied by before it is sent or added; left out: 1. */
  readonly scale?: Readonly<Record<string, number>>;
}

/** What one round asks of a learner. */
export interface StepCall {
  readonly round: number;
  /** The trunk of this round, flat, in the trunk's layout. Not changed. */
  readonly theta: Float32Array;
  /** λ of each of this learner's tasks. */
  readonly lambda: Readonly<Record<string, number>>;
  /** `sum`: one vector Σ λ_k g_k. `rows`: one unscaled vector g_k a task. */
  readonly exchange: 'sum' | 'rows';
  /** Rows in addition to the sum, unscaled; they touch nothing that the step reads or writes. */
  readonly probe: boolean;
  /** Left out: one training step, whose rows are gradients. */
  readonly local?: LocalCall;
  /** Steps that heads and adapters take on this trunk first, sending nothing; left out: none. */
  readonly warmup?: number;
  /** What the run's strategy reads beside rows and losses; neither changes heads, adapters or rows. Left out: nothing. */
  readonly wants?: readonly Wants[];
}

export interface TaskLoss {
  readonly task: string;
  /** Mean over the labelled rows of the batch; not finite where the task diverged. */
  readonly loss: number;
  readonly labelled: number;
  /**
   * Where the call wants `losses-after`: the loss of the batch of the round before, on this call's trunk and with the head as it stands
   * before this step; over local steps the mean of their batches' losses. Left out: that batch had no labelled row.
   */
  readonly after?: number;
}

/** Part of a gradient: `values` belong at `offset` of the trunk's layout. */
export interface GradientSlice {
  readonly offset: number;
  readonly values: Float32Array;
}

export interface LearnedGradient {
  /** `extra-1` and `extra-2`: the rows of two more independent batches, where the call wants `extra-batches`; unscaled as rows are. */
  readonly kind: 'sum' | 'row' | 'probe' | Draw;
  /** Tasks in it, in the order in which they were added. */
  readonly tasks: readonly string[];
  /** In the order of offsets; together the whole trunk, once. One slice today; consumers must not count on that. */
  readonly slices: AsyncIterable<GradientSlice>;
}

export interface StepResult {
  readonly losses: readonly TaskLoss[];
  readonly gradients: readonly LearnedGradient[];
}

export interface TaskScore {
  readonly task: string;
  readonly loss: number;
  /** undefined where the metric is undefined on the split. */
  readonly metrics: Readonly<Record<string, number | undefined>>;
}

/** What a task says of every row of a split. */
export interface TaskPrediction extends TaskScore {
  readonly rows: number;
  /** Scores a row. */
  readonly width: number;
  /** [rows, width]: probabilities of a sigmoid or softmax, or the values themselves. */
  readonly scores: Float32Array;
  /** [rows, labels a row], as metrics take them; NaN: none. A class is its index. */
  readonly labels: Float32Array;
  readonly kind: LabelKind;
  readonly classes: readonly string[] | undefined;
  readonly plan: TaskPlan;
}

/** Everything of one client that learns, but the trunk: sources, adapters, heads and their optimisers. */
export interface Learner {
  /** One training step: gradients of the trunk, and a step of heads and adapters. */
  step(call: StepCall): Promise<StepResult>;
  /** Scores on a split; changes nothing that training reads. */
  evaluate(theta: Float32Array, split: Exclude<Split, 'train'>): Promise<TaskScore[]>;
  /** All state as a tree for `encodeSnapshot`: a copy, so that later steps do not change it. */
  snapshot(): unknown;
  restore(tree: unknown): void;
  /** SHA-256 of the float32 bytes of each head and adapter: `head/<task>`, `adapter/<stream>` or `adapter/<stream>/<task>`. */
  digests(): Record<string, string>;
  /** Frees the tensors it holds. */
  dispose(): void;
}

/** A learner that also says what it says of each row. */
export interface PredictingLearner extends Learner {
  /** Scores of every row of a split, in the order of its rows; changes nothing that training reads. */
  predict(theta: Float32Array, split: Split): Promise<TaskPrediction[]>;
}

export interface LearnerOptions {
  readonly tf: Tf;
  readonly trunk: Trunk;
  /** The tasks of one client, in the order of its client file, each with its opened source. */
  readonly tasks: readonly TaskPlan[];
  readonly seed: number;
  readonly client: string;
  /** λ scales heads too. Adapters lie below the trunk: λ always scales them. */
  readonly weightHeads: boolean;
  /** Only heads and adapters are differentiated: a step of `exchange: sum` gives no gradient. Left out: the trunk is too. */
  readonly frozenTrunk?: boolean;
}

export type { Source };
export { checkLabels } from './learner/check-labels.ts';
export { createLearner } from './learner/create-learner.ts';
export { keepBest, type KeptBest, type KeptState } from './learner/keep-best.ts';
export { describeTask } from './learner/describe-task.ts';
export { sharedSources } from './learner/shared-sources.ts';
export { driftOf, nextControl, startWalk } from './learner/local-walk.ts';
export { placeTasks, type PlacedSource } from './learner/place-tasks.ts';
