import { fail } from '@trunkline/protocol';
import { classesOf, classIndices } from '../data/classes.ts';
import type { LabelReader, Target } from './head.ts';
import { isScalar, wrongTarget } from './wrong-target.ts';

/**
 * One class a row, as its index. `given` are the class names of the client file; left out, the training data's own labels in name
 * order. @throws DATA_SHAPE, and CONFIG_INVALID for fewer than two classes or one named twice
 */
export function classLabels(target: Target, given: readonly string[] | undefined): LabelReader {
  if (!isScalar(target.training)) {
    throw wrongTarget(target, 'one class a row', 'For several labels a row use the head `multilabel`.');
  }
  const classes = given ?? classesOf(target.training);
  const twice = classes.find((name, i) => classes.indexOf(name) !== i);
  if (twice !== undefined || classes.length < 2) {
    throw fail('CONFIG_INVALID', {
      at: target.at,
      key: 'head.classify.classes',
      problem:
        twice !== undefined
          ? `the class \`${twice}\` stands twice.`
          : `\`${target.name}\` in ${target.file} holds ${classes.length === 1 ? `one class only, ${classes[0]}` : 'no label'} in its training split; a classifier needs two.`,
      remedy: 'List the classes of the head, each once.',
    });
  }
  return {
    kind: 'class',
    columns: 1,
    classes,
    read(column, place) {
      const values = classIndices(column, classes, {
        file: target.file,
        array: target.name,
        fromData: given === undefined,
        ...(place && { place: (row: number) => String(place(row)) }),
      });
      return { rows: values.length, columns: 1, values };
    },
  };
}
