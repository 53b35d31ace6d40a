import { withGradient } from '../layer/custom-gradient.ts';
import type { Tensor, Tf } from '../layer/layer.ts';
import type { Column } from '../data/source.ts';
import { elementWeights, weighted, type ClosedLoss, type Labels } from '../loss/index.ts';
import type { NetworkTask } from './network.ts';
import { weightedSum } from './weighted-sum.ts';

/** Labels of some rows of one task as its loss takes them. */
export interface EncodedLabels {
  readonly labels: Labels;
  readonly targets: Float32Array;
  readonly weights: Float32Array;
  readonly labelledRows: number;
}

export function encodeLabels({ head, loss }: Pick<NetworkTask, 'head' | 'loss'>, column: Column): EncodedLabels {
  const labels = head.labels.read(column);
  return { labels, targets: loss.targets(labels), ...elementWeights(labels, loss) };
}

/** The task's loss, a scalar: the mean over the labelled rows. */
export function lossOf(tf: Tf, { loss }: Pick<NetworkTask, 'loss'>, outputs: Tensor, encoded: EncodedLabels): Tensor {
  if ('value' in loss) return closedLoss(tf, loss, outputs, encoded);
  const { labels, targets, weights } = encoded;
  const { rows, columns } = labels;
  const losses = loss.elementLoss(tf, outputs, tf.tensor(targets, [rows, targets.length / rows]));
  return weightedSum(tf, losses, tf.tensor(weights, [rows, columns]));
}

/** One operation where tfjs would take eight for a loss and its gradient: on a small batch each costs more than all of these numbers. */
const closedLoss = (tf: Tf, loss: ClosedLoss, outputs: Tensor, { targets, weights }: EncodedLabels): Tensor =>
  withGradient(tf, [outputs], ([given], save) => {
    const found = weighted(loss, { outputs: given!.dataSync() as Float32Array, targets, weights });
    save([tf.tensor(found.gradient, given!.shape)]);
    return { value: tf.scalar(found.loss), gradFunc: (dy, [gradient]) => tf.mul(gradient!, dy) };
  });
