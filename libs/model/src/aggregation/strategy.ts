import type { z } from 'zod';

/** The chance that a strategy may use; `Random` of `@trunkline/model/random` satisfies it. */
export interface StrategyRandom {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** A random order of 0…n−1. */
  permutation(n: number): number[];
}

export interface StrategyInput {
  /** Who answered this round, in the order of every other array here; may be a subset of the tasks given to `init`. */
  readonly tasks: readonly string[];
  /** JJᵀ, K×K row-major, for strategies that need `gramian`. */
  readonly gramian: Float64Array | undefined;
  /** J, one row of length d a task, for strategies that need `rows`. */
  readonly rows: readonly Float32Array[] | undefined;
  /** L_k on this round's batch, never scaled by λ. */
  readonly losses: Float64Array;
  readonly round: number;
  readonly random: StrategyRandom;
  /** Where `wants` names it: the losses of the last round's batches after that round's step. */
  readonly lossesAfter?: Float64Array | undefined;
  /** Where `wants` names it: rows of two more independent batches. */
  readonly extraRows?: readonly (readonly Float32Array[])[] | undefined;
}

/** Plain JSON and typed arrays: what a checkpoint can hold. `stationary` is true after a round without a common descent direction. */
export type StrategyState = { stationary?: boolean } & { readonly [key: string]: unknown };

/**
 * What a strategy asks of the exchange. `sum`: Σ λ_k g_k with fixed λ, which clients form themselves. `gramian`: inner products of
 * the rows. `rows`: the rows' values.
 */
export type Needs = 'sum' | 'gramian' | 'rows';
export type Wants = 'losses-after' | 'extra-batches';

/** The batches that `extra-batches` asks for beside a round's own, each from random streams of its own. */
export const DRAWS = ['extra-1', 'extra-2'] as const;
export type Draw = (typeof DRAWS)[number];

export interface Weigher {
  init(tasks: readonly string[]): StrategyState;
  /** Weights w, one for each of `input.tasks`; the direction is v = Σ w_k g_k. Pure: the given state is not changed. */
  weigh(input: StrategyInput, state: StrategyState): { weights: Float64Array; state: StrategyState };
}

export interface Combiner {
  init(tasks: readonly string[]): StrategyState;
  /** The direction v itself, length d. Pure. */
  combine(input: StrategyInput, state: StrategyState): { direction: Float32Array; state: StrategyState };
}

interface StrategyBase {
  readonly name: string;
  /** One sentence for lists and help. */
  readonly summary: string;
  /** Authors, venue and year. */
  readonly source: string;
  readonly wants: readonly Wants[];
  readonly parameters: z.ZodType;
}

export interface WeighingStrategy extends StrategyBase {
  readonly needs: 'sum' | 'gramian';
  /** For `sum`: what the clients' Σ λ_k g_k is multiplied by, given how many tasks are in it. */
  readonly sumScale?: (tasks: number) => number;
  create(parameters?: unknown): Weigher;
}

export interface CombiningStrategy extends StrategyBase {
  readonly needs: 'rows';
  create(parameters?: unknown): Combiner;
}

export type Strategy = WeighingStrategy | CombiningStrategy;

interface Text {
  readonly name: string;
  readonly summary: string;
  readonly source: string;
  readonly wants?: readonly Wants[];
}

/** Declares a strategy v = Jᵀw. `create` validates its parameters against the schema, defaults included. */
export function defineWeighing<S extends z.ZodType>(
  definition: Text & {
    needs: 'sum' | 'gramian';
    sumScale?: (tasks: number) => number;
    parameters: S;
    create: (parameters: z.output<S>) => Weigher;
  },
): WeighingStrategy {
  const { create, wants = [], ...rest } = definition;
  return { ...rest, wants, create: (parameters = {}) => create(definition.parameters.parse(parameters)) };
}

/** Declares a strategy that needs the rows' values. */
export function defineCombining<S extends z.ZodType>(
  definition: Text & { parameters: S; create: (parameters: z.output<S>) => Combiner },
): CombiningStrategy {
  const { create, wants = [], ...rest } = definition;
  return {
    ...rest,
    needs: 'rows',
    wants,
    create: (parameters = {}) => create(definition.parameters.parse(parameters)),
  };
}
