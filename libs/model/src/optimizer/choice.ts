import { chosenOf, oneOf, type OneOf } from '../config/one-of.ts';
import { adagrad } from './adagrad.ts';
import { adam } from './adam.ts';
import { adamw } from './adamw.ts';
import { fedAdagrad } from './fed-adagrad.ts';
import { fedAdam } from './fed-adam.ts';
import { fedYogi } from './fed-yogi.ts';
import { momentum } from './momentum.ts';
import type { Optimizer, OptimizerKind } from './optimizer.ts';
import type { ScheduleInput } from './schedule.ts';
import { sgd } from './sgd.ts';
import { yogi } from './yogi.ts';

const schemas = {
  sgd: sgd.parameters,
  momentum: momentum.parameters,
  adam: adam.parameters,
  adamw: adamw.parameters,
  yogi: yogi.parameters,
  adagrad: adagrad.parameters,
  'fed-adam': fedAdam.parameters,
  'fed-yogi': fedYogi.parameters,
  'fed-adagrad': fedAdagrad.parameters,
};

/** Every optimiser that a run or client file may name. */
export const optimizers: Readonly<Record<string, OptimizerKind>> = Object.fromEntries(
  [sgd, momentum, adam, adamw, yogi, adagrad, fedAdam, fedYogi, fedAdagrad].map((kind) => [kind.name, kind]),
);

/** For errors about a name that is none of them. */
export const optimizerNames: readonly string[] = Object.keys(optimizers);

/** The key `optimizer`: a name, or a name with its parameters, `{ adam: { learningRate: 0.01 } }`. Gives the second form, filled in. */
export const optimizerSchema = oneOf(schemas);
export type OptimizerConfig = OneOf<typeof schemas>;

type Written<Parameters> = Partial<Omit<Parameters, 'schedule'>> & { readonly schedule?: ScheduleInput | undefined };

/** What a caller may write: a name, or one key with the parameters that differ from the defaults. */
export type OptimizerInput =
  | keyof typeof schemas
  | { readonly [Name in keyof OptimizerConfig]?: Written<NonNullable<OptimizerConfig[Name]>> | undefined };

/** The optimiser that `config` describes. Its schedule follows the `step` of the state that it is given. */
export function createOptimizer(config: OptimizerInput): Optimizer {
  const { name, parameters } = chosenOf(optimizerSchema.parse(config));
  return optimizers[name]!.create(parameters);
}
