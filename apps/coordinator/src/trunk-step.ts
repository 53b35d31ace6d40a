import { fail } from '@trunkline/protocol';
import {
  allFinite,
  combineRows,
  gramianOf,
  roundScaled,
  type StrategyInput,
  type StrategyState,
  type Wants,
} from '@trunkline/model/aggregation';
import { roomFor } from '@trunkline/model/kernel';
import type { OptimizerState } from '@trunkline/model/optimizer';
import { randomStream } from '@trunkline/model/random';
import { copyTree } from '@trunkline/model/store';
import { nextControl, weightedRows } from './control-variate.ts';
import { firstTrunk } from './first-trunk.ts';
import type { Plan } from './plan.ts';

/** One task's gradient at one client, unscaled. */
export interface Row {
  /** The task, or `task@client` where replicas serve it. */
  readonly id: string;
  readonly lambda: number;
  /** λ times what the client scaled the row by; left out: λ. */
  readonly share?: number;
  readonly loss: number;
  readonly values: Float32Array;
  /** Where the strategy wants `losses-after`; left out: not known. */
  readonly after?: number;
  /** Where it wants `extra-batches`: this task's rows of the two; undefined where it had no label in one. */
  readonly extra?: readonly (Float32Array | undefined)[];
}

/** What a round's answers amount to. `sum` is Σ λ_k g_k in float64, added in client order; null: no row was left. */
export type Answers = {
  /** Σ of the shares of all tasks that were asked; only SCAFFOLD reads it. */
  readonly all?: number;
} & (
  | {
      readonly exchange: 'sum';
      readonly sum: Float64Array | null;
      readonly tasks: number;
      /** The tasks that were named in it, in the order in which they were added; left out: not known. */
      readonly named?: readonly string[];
      /** Σ of the shares of the tasks in it; only SCAFFOLD reads it. */
      readonly share?: number;
    }
  | { readonly exchange: 'rows'; readonly rows: readonly Row[] }
);

export interface StepReport {
  /** Weights of the rows, where there are rows. */
  readonly weights: Readonly<Record<string, number>> | null;
  readonly stationary: boolean;
}

/** Holds the trunk and moves it: the only place where θ changes. Pure arithmetic: the same answers give the same bytes. */
export interface TrunkStep {
  /** Trunk r. A new array each round: one that was handed out never changes. */
  readonly theta: Float32Array;
  /** How many rounds made it. */
  readonly version: number;
  /** SCAFFOLD's c, which goes out with the trunk; null: zero, or not used. A new array each round. */
  readonly control: Float32Array | null;
  /** Trunk r → trunk r+1. Without a row left, trunk, optimizer and strategy stay as they are, and the round still counts. */
  advance(answers: Answers): StepReport;
  /** Trunk, optimizer and strategy state, copied. */
  snapshot(): TrunkSnapshot;
  restore(snapshot: TrunkSnapshot): void;
}

export interface TrunkSnapshot {
  readonly version: number;
  readonly theta: Float32Array;
  readonly optimizer: OptimizerState;
  readonly strategy: StrategyState | null;
  readonly control: Float32Array | null;
}

/** Vectors that the kernels move at once, where they lie in one room: trunk, direction and what optimizers remember. */
const IN_ROOM = 4;

export function createTrunkStep(plan: Plan): TrunkStep {
  const { seed } = plan.config;
  let theta = firstTrunk(plan);
  const { length } = theta;
  const room = roomFor(IN_ROOM, length);
  let version = 0;
  /** The trunk that moves; what is handed out is a copy of it. */
  const moving = room.float32(length);
  moving.set(theta);
  const optimizer = plan.optimizer.init(length, room);
  let strategy: StrategyState | null = null;
  /** Memory of the direction of a sum, used again each round. */
  let direction: Float32Array | undefined;
  let control: Float32Array | null = null;
  const member = plan.strategy.create(plan.parameters);

  const move = (direction: Float32Array) => {
    plan.optimizer.update(moving, direction, optimizer);
    theta = moving.slice();
  };

  const advanceRows = (given: readonly Row[]): StepReport => {
    const { strategy: rule } = plan;
    // With fixed weights a row that is not finite is left out here; the other strategies set it aside themselves.
    const rows = rule.needs === 'sum' ? given.filter((row) => allFinite(row.values)) : given;
    if (rows.length === 0) return { weights: null, stationary: false };
    const values = rows.map((row) => row.values);
    if (rule.needs === 'sum') {
      const weights = rows.map((row) => row.lambda * rule.sumScale!(rows.length));
      move(combineRows(values, weights));
      return { weights: named(rows, weights), stationary: false };
    }
    const scaledBy = (row: Row, values: Float32Array) =>
      row.lambda === 1 ? values : combineRows([values], [row.lambda]);
    const scaled = rows.map((row) => scaledBy(row, row.values));
    const tasks = rows.map((row) => row.id);
    strategy ??= member.init(tasks);
    const input = {
      tasks,
      gramian: rule.needs === 'gramian' ? gramianOf(scaled) : undefined,
      rows: rule.needs === 'rows' ? scaled : undefined,
      losses: Float64Array.from(rows, (row) => row.loss),
      round: version,
      random: randomStream(seed, 'strategy', version),
      ...wantedOf(rule.wants, rows, scaledBy),
    };
    if ('combine' in member) {
      const { direction, state } = member.combine(input, strategy);
      strategy = state;
      move(direction);
      return { weights: null, stationary: state.stationary === true };
    }
    const { weights, state } = member.weigh(input, strategy);
    strategy = state;
    move(combineRows(scaled, weights));
    return { weights: named(rows, weights), stationary: state.stationary === true };
  };

  const span = plan.pace.local?.scaffold ? plan.pace.local.steps * plan.pace.local.optimizer.sgd!.learningRate : null;
  const moveControl = (answers: Answers) => {
    if (span === null || !answers.all) return;
    const { sum, share } = answers.exchange === 'rows' ? weightedRows(answers.rows) : answers;
    if (sum && share) control = nextControl(control, sum, { answered: share, all: answers.all, span });
  };

  return {
    get theta() {
      return theta;
    },
    get control() {
      return control;
    },
    get version() {
      return version;
    },
    advance(answers) {
      let report: StepReport = { weights: null, stationary: false };
      if (answers.exchange === 'rows') {
        if (answers.rows.length > 0) report = advanceRows(answers.rows);
      } else if (answers.sum) {
        const scale = plan.strategy.needs === 'sum' ? plan.strategy.sumScale!(answers.tasks) : 1;
        move(roundScaled(answers.sum, scale, (direction ??= room.float32(length))));
      }
      moveControl(answers);
      version++;
      return report;
    },
    snapshot: () => copyTree({ version, theta, optimizer, strategy, control }),
    restore(snapshot) {
      ({ version, theta, strategy, control } = copyTree(snapshot));
      moving.set(theta);
      restoreOptimizer(optimizer, snapshot.optimizer);
    },
  };
}

/** @throws UNEXPECTED where the saved state is of another optimizer, or of another trunk */
function restoreOptimizer(optimizer: OptimizerState, saved: OptimizerState): void {
  for (const [name, values] of Object.entries(optimizer.buffers)) {
    const found = saved.buffers[name];
    if (found?.length !== values.length) {
      const what = `a saved optimizer's \`${name}\` has length ${found?.length ?? 'none'}, not ${values.length}`;
      throw fail('UNEXPECTED', { what });
    }
    values.set(found);
  }
  optimizer.step = saved.step;
}

/** Not finite, so that the strategy sets its task aside. */
const ABSENT = Float32Array.of(NaN);

/** What a strategy wants beside rows and losses, as its input names it; rows of further batches carry λ as rows do. */
function wantedOf(
  wants: readonly Wants[],
  rows: readonly Row[],
  scaledBy: (row: Row, values: Float32Array) => Float32Array,
): Pick<StrategyInput, 'lossesAfter' | 'extraRows'> {
  const extra = (draw: number) => rows.map((row) => scaledBy(row, row.extra?.[draw] ?? ABSENT));
  return {
    ...(wants.includes('losses-after') ? { lossesAfter: Float64Array.from(rows, ({ after }) => after ?? NaN) } : {}),
    ...(wants.includes('extra-batches') ? { extraRows: [extra(0), extra(1)] } : {}),
  };
}

const named = (rows: readonly Row[], weights: ArrayLike<number>): Record<string, number> =>
  Object.fromEntries(rows.map((row, k) => [row.id, weights[k]!]));
