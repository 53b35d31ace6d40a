import { z } from 'zod';
import { fail } from '@trunkline/protocol';
import { sizeOf } from '../layout.ts';
import { boxLabels } from './box-labels.ts';
import type { HeadKind, LabelReader, Target } from './head.ts';
import { numberLabels } from './number-labels.ts';
import { hiddenField, outputLayers } from './output-layers.ts';

const schema = z.strictObject({
  /** Left out: as many as the target has numbers a row. */
  outputs: z.int().positive().optional(),
  hidden: hiddenField,
  /** The four outputs are a box, centre x, centre y, width and height as shares of the image: labels outside it are refused. */
  box: z.boolean().optional(),
});

/** One value an output, linear. */
export const regress: HeadKind<z.infer<typeof schema>> = {
  kind: 'regress',
  schema,
  labels: (config, { target }) => labelsOf(config, target),
  place(config, place) {
    const labels = labelsOf(config, place.target);
    return {
      kind: 'regress',
      stack: outputLayers(config.hidden, labels.columns, place),
      width: labels.columns,
      labels,
      scores: (_tf, values) => values,
    };
  },
};

function labelsOf({ outputs, box }: z.infer<typeof schema>, target: Target): LabelReader {
  const { training, at } = target;
  if (!box) return numberLabels(target, outputs ?? (training.kind === 'number' ? sizeOf(training.shape) : 1));
  if (outputs === undefined || outputs === 4) return boxLabels(target);
  const problem = `a box has 4 outputs, not ${outputs}.`;
  throw fail('CONFIG_INVALID', {
    at,
    key: 'head.regress.box',
    problem,
    remedy: 'Leave `outputs` out, or set it to 4.',
  });
}
