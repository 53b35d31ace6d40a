import { z } from 'zod';
import { sizeOf } from '../layout.ts';
import type { HeadKind, Target } from './head.ts';
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
  labels: (config, { target }) => numberLabels(target, widthOf(config, target)),
  place(config, place) {
    const width = widthOf(config, place.target);
    return {
      kind: 'regress',
      stack: outputLayers(config.hidden, width, place),
      width,
      labels: numberLabels(place.target, width),
      scores: (_tf, values) => values,
    };
  },
};

const widthOf = ({ outputs }: z.infer<typeof schema>, { training }: Target): number =>
  outputs ?? (training.kind === 'number' ? sizeOf(training.shape) : 1);
