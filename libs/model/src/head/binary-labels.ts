import { fail } from '@trunkline/protocol';
import { classesOf } from '../data/classes.ts';
import { sizeOf } from '../layout.ts';
import { classLabels } from './class-labels.ts';
import type { LabelReader, Target } from './head.ts';
import { wrongTarget } from './wrong-target.ts';

/**
 * A 0 or 1 an output; −1 and NaN are missing. With one output the target may be text with exactly two distinct values in the
 * training split: the second in name order is 1. @throws DATA_SHAPE, and CONFIG_INVALID for texts that are not two
 */
export function binaryLabels(target: Target, columns: number): LabelReader {
  const { training, name, file, at } = target;
  if (training.kind === 'text') {
    if (columns !== 1) throw wrongTarget(target, `${columns} numbers 0 or 1 a row`, 'Give the labels as numbers.');
    const classes = classesOf(training);
    if (classes.length !== 2) {
      const shown = classes.slice(0, 5).join(', ');
      throw fail('CONFIG_INVALID', {
        at,
        key: 'head.binary',
        problem: `\`${name}\` in ${file} holds ${classes.length} distinct texts in its training split (${shown}); a binary head takes two.`,
        remedy: 'Use the head `classify`, or give the labels as 0 and 1.',
      });
    }
    return { ...classLabels(target, undefined), kind: 'binary' };
  }
  if (sizeOf(training.shape) !== columns) {
    const expected = columns === 1 ? 'one number 0 or 1 a row' : `${columns} numbers 0 or 1 a row`;
    throw wrongTarget(target, expected, 'For several labels a row use the head `multilabel`, with as many `labels`.');
  }
  return {
    kind: 'binary',
    columns,
    classes: undefined,
    read(column, place = (row) => row) {
      if (column.kind === 'text') throw wrongTarget(target, 'numbers in every split', 'Correct the files.');
      const values = column.values.map((value, i) => {
        if (value === 0 || value === 1) return value;
        if (value === -1 || Number.isNaN(value)) return NaN;
        const row = place(Math.floor(i / columns));
        throw fail('DATA_LABEL_RANGE', { file, array: name, row, found: value, expected: '0, 1' });
      });
      return { rows: values.length / columns, columns, values };
    },
  };
}
