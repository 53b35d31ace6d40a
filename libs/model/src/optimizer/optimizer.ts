import { z } from 'zod';
import { fail } from '@trunkline/protocol';
import type { Room } from '../kernel/kernels.ts';
import { ordinaryRoom } from '../kernel/room.ts';
import { clipScale } from './clip-norm.ts';
import { factorAt, scheduleSchema } from './schedule.ts';

/** What an optimiser remembers. Plain JSON and typed arrays; `buffers` are as long as the values. */
export interface OptimizerState {
  /** Updates done so far. */
  step: number;
  readonly buffers: Record<string, Float32Array>;
}

/** Moves a flat array of weights against a gradient. It holds nothing itself: the same calls give the same bytes. */
export interface Optimizer {
  readonly name: string;
  /** The state before the first update of `length` values; its buffers lie in `room`, which spares the kernels a copy. */
  init(length: number, room?: Room): OptimizerState;
  /** Makes a state the one before the first update again, in the memory that it has. */
  restart(state: OptimizerState): void;
  /**
   * θ moves against `gradient`, which is not changed and must be finite. `values` and `state` change in place: they are the only
   * arrays as large as the model and are stepped every round; a caller that keeps an old one copies it. Steps along the gradient or a
   * mean of it are computed in float64 and rounded once, when they are stored; those divided by a root in float32 (0010).
   * @throws UNEXPECTED when lengths differ, or the state is of another optimiser
   */
  update(values: Float32Array, gradient: Float32Array, state: OptimizerState): void;
}

/** One update of one optimiser. */
export interface Tick {
  readonly values: Float32Array;
  readonly gradient: Float32Array;
  readonly buffers: Readonly<Record<string, Float32Array>>;
  /** The learning rate of this update. */
  readonly rate: number;
  /** What each entry of the gradient is multiplied by: 1, or less where `clipNorm` shortens it. */
  readonly scale: number;
  /** 1 for the first update. */
  readonly number: number;
}

/** The part that differs from optimiser to optimiser. */
export interface Rule {
  /** Name → first value of each buffer. */
  readonly buffers: Readonly<Record<string, number>>;
  /** One loop over all elements. */
  move(tick: Tick): void;
}

/** A kind of optimiser, as a configuration may name it. */
export interface OptimizerKind<Parameters = unknown> {
  readonly name: string;
  /** One sentence for lists and help. */
  readonly summary: string;
  /** Authors, venue and year. */
  readonly source: string;
  readonly parameters: z.ZodType<Parameters>;
  /** Validates its parameters against the schema, defaults included. */
  create(parameters?: unknown): Optimizer;
}

const shared = (learningRate: number) => ({
  learningRate: z.number().positive().default(learningRate).describe('Before the schedule.'),
  schedule: scheduleSchema.optional().describe('How the learning rate changes; left out: it does not.'),
  clipNorm: z.number().positive().optional().describe('The gradient is shortened to this Euclidean length.'),
});
type Shared = z.output<z.ZodObject<ReturnType<typeof shared>>>;

/** Declares an optimiser: every one takes `learningRate` (`learningRate` here is its default), `schedule` and `clipNorm`. */
export function defineOptimizer<Own extends z.ZodRawShape>(definition: {
  name: string;
  summary: string;
  source: string;
  learningRate: number;
  parameters: Own;
  create: (parameters: z.output<z.ZodObject<Own>>) => Rule;
}): OptimizerKind<Shared & z.output<z.ZodObject<Own>>> {
  const { name, summary, source } = definition;
  type All = Shared & z.output<z.ZodObject<Own>>;
  const parameters = z.strictObject({
    ...shared(definition.learningRate),
    ...definition.parameters,
  }) as unknown as z.ZodType<All>;
  return {
    name,
    summary,
    source,
    parameters,
    create: (given = {}) => {
      const chosen = parameters.parse(given);
      return optimizerOf(name, definition.create(chosen), chosen);
    },
  };
}

function optimizerOf(name: string, rule: Rule, { learningRate, schedule, clipNorm }: Shared): Optimizer {
  return {
    name,
    init: (length, room = ordinaryRoom) => ({
      step: 0,
      buffers: Object.fromEntries(
        Object.entries(rule.buffers).map(([buffer, first]) => [buffer, room.float32(length).fill(first)]),
      ),
    }),
    restart(state) {
      state.step = 0;
      for (const [buffer, first] of Object.entries(rule.buffers)) state.buffers[buffer]!.fill(first);
    },
    update(values, gradient, state) {
      refuseUnequal(name, rule, { values, gradient, state });
      rule.move({
        values,
        gradient,
        buffers: state.buffers,
        rate: learningRate * factorAt(schedule, state.step),
        scale: clipScale(gradient, clipNorm),
        number: state.step + 1,
      });
      state.step++;
    },
  };
}

function refuseUnequal(
  name: string,
  rule: Rule,
  given: { values: Float32Array; gradient: Float32Array; state: OptimizerState },
): void {
  const { length } = given.values;
  const wrong = (what: string, found: number | undefined) =>
    fail('UNEXPECTED', { what: `${name} moves ${length} values, but ${what} has length ${found ?? 'none'}` });
  if (given.gradient.length !== length) throw wrong('the gradient', given.gradient.length);
  for (const buffer of Object.keys(rule.buffers)) {
    const found = given.state.buffers[buffer]?.length;
    if (found !== length) throw wrong(`its state's \`${buffer}\``, found);
  }
}
