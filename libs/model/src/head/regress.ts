import { z } from 'zod';
import { sizeOf } from '../layout.ts';
import type { HeadKind } from './head.ts';
import { numberLabels } from './number-labels.ts';
import { hiddenField, outputLayers } from './output-layers.ts';

const schema = z.strictObject({
  /** Left out: as many as the target has numbers a row. */
  outputs: z.int().positive().optional(),
  hidden: hiddenField,
});

/** One value an output, linear. */
export const regress: HeadKind<z.infer<typeof schema>> = {
  kind: 'regress',
  schema,
  place({ outputs, hidden }, place) {
    const { training } = place.target;
    const width = outputs ?? (training.kind === 'number' ? sizeOf(training.shape) : 1);
    return {
      kind: 'regress',
      stack: outputLayers(hidden, width, place),
      width,
      labels: numberLabels(place.target, width),
      scores: (_tf, values) => values,
    };
  },
};
