import { z } from 'zod';
import { classLabels } from './class-labels.ts';
import type { HeadKind } from './head.ts';
import { hiddenField, outputLayers } from './output-layers.ts';

const schema = z.strictObject({
  /** Names in the order of their indices; left out: those of the training data, in name order. */
  classes: z.array(z.union([z.string(), z.number()]).transform(String)).optional(),
  hidden: hiddenField,
});

/** One logit a class: probabilities are their softmax. */
export const classify: HeadKind<z.infer<typeof schema>> = {
  kind: 'classify',
  schema,
  labels: ({ classes }, { target }) => classLabels(target, classes),
  place({ classes, hidden }, place) {
    const labels = classLabels(place.target, classes);
    const width = labels.classes!.length;
    return {
      kind: 'classify',
      stack: outputLayers(hidden, width, place),
      width,
      labels,
      scores: (tf, outputs) => tf.softmax(outputs),
    };
  },
};
