import { z } from 'zod';
import { sizeOf } from '../layout.ts';
import { binaryLabels } from './binary-labels.ts';
import type { HeadKind, Target } from './head.ts';
import { hiddenField, outputLayers } from './output-layers.ts';

const schema = z.strictObject({
  /** Their names or their number; left out: as many as the target has numbers a row. */
  labels: z.union([z.int().positive(), z.array(z.string()).min(1)]).optional(),
  hidden: hiddenField,
});

/** One logit a label, each on its own: probabilities are their sigmoids. */
export const multilabel: HeadKind<z.infer<typeof schema>> = {
  kind: 'multilabel',
  schema,
  labels: (config, { target }) => binaryLabels(target, widthOf(config, target)),
  place(config, place) {
    const width = widthOf(config, place.target);
    return {
      kind: 'multilabel',
      stack: outputLayers(config.hidden, width, place),
      width,
      labels: binaryLabels(place.target, width),
      scores: (tf, outputs) => tf.sigmoid(outputs),
    };
  },
};

function widthOf({ labels }: z.infer<typeof schema>, { training }: Target): number {
  if (labels !== undefined) return typeof labels === 'number' ? labels : labels.length;
  return training.kind === 'number' ? sizeOf(training.shape) : 1;
}
