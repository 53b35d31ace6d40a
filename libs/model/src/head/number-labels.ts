import { fail } from '@trunkline/protocol';
import { sizeOf } from '../layout.ts';
import type { LabelReader, Target } from './head.ts';
import { wrongTarget } from './wrong-target.ts';

/** A number an output; NaN is missing, −1 a number like any other. @throws DATA_SHAPE, and DATA_TARGET_NOT_FINITE when read */
export function numberLabels(target: Target, columns: number): LabelReader {
  const { training, name, file } = target;
  if (training.kind === 'text' || sizeOf(training.shape) !== columns) {
    const expected = columns === 1 ? 'one number a row' : `${columns} numbers a row`;
    throw wrongTarget(target, expected, 'Give the head as many outputs as the target has numbers a row.');
  }
  return {
    kind: 'number',
    columns,
    classes: undefined,
    read(column, place = (row) => row) {
      if (column.kind === 'text') throw wrongTarget(target, 'numbers in every split', 'Correct the files.');
      const { values } = column;
      const infinite = values.findIndex((value) => Math.abs(value) === Infinity);
      if (infinite >= 0) {
        const row = place(Math.floor(infinite / columns));
        throw fail('DATA_TARGET_NOT_FINITE', { file, array: name, row, found: values[infinite]! });
      }
      return { rows: values.length / columns, columns, values };
    },
  };
}
