import { z } from 'zod';
import { binaryLabels } from './binary-labels.ts';
import type { HeadKind } from './head.ts';
import { hiddenField, outputLayers } from './output-layers.ts';

const schema = z.strictObject({ hidden: hiddenField });

/** One logit: the probability of the label 1 is its sigmoid. */
export const binary: HeadKind<z.infer<typeof schema>> = {
  kind: 'binary',
  schema,
  labels: (_, { target }) => binaryLabels(target, 1),
  place: ({ hidden }, place) => ({
    kind: 'binary',
    stack: outputLayers(hidden, 1, place),
    width: 1,
    labels: binaryLabels(place.target, 1),
    scores: (tf, outputs) => tf.sigmoid(outputs),
  }),
};
