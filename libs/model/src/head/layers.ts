import { z } from 'zod';
import { fail } from '@trunkline/protocol';
import { layerSpecSchema } from '../layer/spec.ts';
import { placeStack } from '../layer/stack.ts';
import { sizeOf } from '../layout.ts';
import { binaryLabels } from './binary-labels.ts';
import { classLabels } from './class-labels.ts';
import type { Head, HeadKind, LabelPlace, Target } from './head.ts';
import { numberLabels } from './number-labels.ts';

const schema = z.array(layerSpecSchema).min(1);

/**
 * Own layers over the trunk's output. The last one gives one axis, linear; the task's loss says what its outputs are: logits of
 * classes, logits of single labels, or values.
 */
export const layers: HeadKind<z.infer<typeof schema>> = {
  kind: 'layers',
  schema,
  // How wide the last layer is only the trunk can tell: as wide as the target, for now.
  labels: (_, place) => meaningOf(place, widthOf(place.target)).labels,
  place(specs, place) {
    const stack = placeStack(specs, place.inputShape, { at: `${place.target.at}: head.layers` });
    const invalid = (problem: string, remedy: string) =>
      fail('CONFIG_INVALID', { at: place.target.at, key: 'head.layers', problem, remedy });
    const [width, ...more] = stack.outputShape;
    if (width === undefined || more.length > 0) {
      throw invalid(`the last layer gives shape [${stack.outputShape.join(', ')}].`, 'End in one axis, e.g. by dense.');
    }
    const meaning = meaningOf(place, width);
    const classes = meaning.labels.kind === 'class' ? meaning.labels.classes!.length : width;
    if (classes !== width) {
      throw invalid(`the last layer gives ${width} logits for ${classes} classes.`, 'Give as many logits as classes.');
    }
    return { kind: 'layers', stack, width, ...meaning };
  },
};

const widthOf = ({ training }: Target): number => (training.kind === 'number' ? sizeOf(training.shape) : 1);

function meaningOf({ target, lossLabels }: LabelPlace, width: number): Pick<Head, 'labels' | 'scores'> {
  switch (lossLabels) {
    case 'class':
      return { labels: classLabels(target, undefined), scores: (tf, outputs) => tf.softmax(outputs) };
    case 'binary':
      return { labels: binaryLabels(target, width), scores: (tf, outputs) => tf.sigmoid(outputs) };
    case 'number':
      return { labels: numberLabels(target, width), scores: (_tf, outputs) => outputs };
  }
}
