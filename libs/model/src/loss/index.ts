import { chosenOf, oneOf, type OneOf } from '../config/one-of.ts';
import { crossEntropy } from './cross-entropy.ts';
import { huber } from './huber.ts';
import { mae } from './mae.ts';
import { mse } from './mse.ts';
import { sigmoidCrossEntropy } from './sigmoid-cross-entropy.ts';
import type { LabelKind, Loss, LossKind, LossPlace } from './loss.ts';

export { elementWeights, type ElementWeights } from './element-weights.ts';
export type { LabelKind, Labels, Loss, LossKind, LossPlace } from './loss.ts';

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

/** The key `loss` of a task: a name, or a name with its parameters. */
export const lossSchema = oneOf(schemas);
export type LossConfig = OneOf<typeof schemas>;

/** The loss of a head that names none. */
export function defaultLoss(headKind: string): LossConfig {
  if (headKind === 'classify') return { 'cross-entropy': { smoothing: 0 } };
  if (headKind === 'binary' || headKind === 'multilabel') return { 'sigmoid-cross-entropy': { smoothing: 0 } };
  return { mse: {} };
}

/** Which labels the loss takes; a head's labels must be of the same kind. */
export const lossLabels = (config: LossConfig): LabelKind => losses[chosenOf(config).name]!.labels;

/** @throws CONFIG_INVALID when its parameters do not fit the head */
export function placeLoss(config: LossConfig, place: LossPlace): Loss {
  const { name, parameters } = chosenOf(config);
  return losses[name]!.place(parameters, place);
}
