import { fail } from '@trunkline/protocol';
import { sizeOf } from '../layout.ts';
import type { LabelReader, Target } from './head.ts';
import { wrongTarget } from './wrong-target.ts';

/** A number an output; NaN is missing, −1 a number like any other. @throws DATA_SHAPE, and DATA_TARGET_NOT_FINITE when read */
export function numberLabels(target: Target, columns: number): LabelReader {
  const { training, name, file } = target;
  const expected = columns === 1 ? 'one number a row' : `${columns} numbers a row`;
  if (training.kind === 'text')
    throw wrongTarget(target, expected, `Correct the cells that are no numbers${firstText(target)}.`);
  if (sizeOf(training.shape) !== columns)
    throw wrongTarget(target, expected, 'Give the head as many outputs as the target has numbers a row.');
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

function firstText({ training, place = (row) => row }: Target): string {
  if (training.kind === 'number') return '';
  const row = training.values.findIndex((text) => Number.isNaN(Number(text)));
  return row < 0 ? '' : `, as "${training.values[row]}" in row ${place(row)}`;
}
