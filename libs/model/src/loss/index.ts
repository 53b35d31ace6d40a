import { z } from 'zod';
import { chosenOf, oneOf, type OneOf } from '../config/one-of.ts';
import { crossEntropy } from './cross-entropy.ts';
import { huber } from './huber.ts';
import { knownNumbers } from './known-numbers.ts';
import { mae } from './mae.ts';
import { mse } from './mse.ts';
import { sigmoidCrossEntropy } from './sigmoid-cross-entropy.ts';
import type { LabelKind, Labels, Loss, LossKind, LossPlace, OperationLoss } from './loss.ts';

export { elementWeights, type ElementWeights } from './element-weights.ts';
export { weighted } from './weighted.ts';
export type { ClosedLoss, LabelKind, Labels, Loss, LossKind, LossPlace, OperationLoss } from './loss.ts';

const schemas = {
  'cross-entropy': crossEntropy.schema,
  'sigmoid-cross-entropy': sigmoidCrossEntropy.schema,
  mse: mse.schema,
  huber: huber.schema,
  mae: mae.schema,
};

/** Every loss that a client file may name. */
export const losses: Readonly<Record<string, LossKind<unknown>>> = {
  'cross-entropy': crossEntropy,
  'sigmoid-cross-entropy': sigmoidCrossEntropy,
  mse,
  huber,
  mae,
};

/** Only a client module can hold one of its own. */
const isOwn = (config: unknown): config is OwnLoss =>
  typeof (config as Partial<OwnLoss> | null)?.elementLoss === 'function';

/** The key `loss` of a task: a name, or a name with its parameters. */
export const lossSchema = z.union([oneOf(schemas), z.custom<OwnLoss>(isOwn)], {
  error: `expected one of ${Object.keys(schemas).join(', ')}`,
}) as unknown as z.ZodType<LossConfig, string | OwnLoss | Readonly<Record<string, object>>>;
export type LossConfig = OneOf<typeof schemas> | OwnLoss;

/** A loss that a client module brings. */
export interface OwnLoss {
  readonly labels: LabelKind;
  /** Left out: the labels themselves, 0 where one is missing. */
  targets?(labels: Labels): Float32Array;
  /** As in `OperationLoss`. */
  elementLoss: OperationLoss['elementLoss'];
}

/** The loss of a head that names none. */
export function defaultLoss(headKind: string): LossConfig {
  if (headKind === 'classify') return { 'cross-entropy': { smoothing: 0 } };
  if (headKind === 'binary' || headKind === 'multilabel') return { 'sigmoid-cross-entropy': { smoothing: 0 } };
  return { mse: {} };
}

/** Which labels the loss takes; a head's labels must be of the same kind. */
export const lossLabels = (config: LossConfig): LabelKind =>
  isOwn(config) ? config.labels : losses[chosenOf(config).name]!.labels;

/** @throws CONFIG_INVALID when its parameters do not fit the head */
export function placeLoss(config: LossConfig, place: LossPlace): Loss {
  if (isOwn(config)) return { kind: 'own', targets: knownNumbers, ...config };
  const { name, parameters } = chosenOf(config);
  return losses[name]!.place(parameters, place);
}
