import { z } from 'zod';
import { sizeOf } from '../layout.ts';
import { binaryLabels } from './binary-labels.ts';
import type { HeadKind } from './head.ts';
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
  place({ labels, hidden }, place) {
    const { training } = place.target;
    const own = training.kind === 'number' ? sizeOf(training.shape) : 1;
    const width = labels === undefined ? own : typeof labels === 'number' ? labels : labels.length;
    return {
      kind: 'multilabel',
      stack: outputLayers(hidden, width, place),
      width,
      labels: binaryLabels(place.target, width),
      scores: (tf, outputs) => tf.sigmoid(outputs),
    };
  },
};
