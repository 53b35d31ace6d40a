import { fail } from '@trunkline/protocol';
import type { Column } from '../data/source.ts';
import { sizeOf } from '../layout.ts';
import type { Target } from './head.ts';

/** The error DATA_SHAPE of a target that does not fit its head; throw it. */
export const wrongTarget = ({ name, training, file, at }: Target, expected: string, remedy: string) =>
  fail('DATA_SHAPE', { at, array: name, file, found: shapeText(training), expected, remedy });

/** One number or text a row; (N, 1) counts as (N). */
export const isScalar = (column: Column): boolean => column.kind === 'text' || sizeOf(column.shape) === 1;

const shapeText = (column: Column): string =>
  column.kind === 'text' ? 'rows of text' : ['rows', ...column.shape].join(', ');
