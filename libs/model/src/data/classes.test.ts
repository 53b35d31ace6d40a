import { describe, expect, it } from 'vitest';
import { classesOf, classIndices } from './classes.ts';
import type { Column } from './source.ts';

const numbers = (...values: number[]): Column => ({ kind: 'number', shape: [], values: Float32Array.from(values) });
const texts = (...values: string[]): Column => ({ kind: 'text', values });
const context = { file: 'x.csv', array: 'label' };
const indices = (column: Column, classes: string[], fromData = false) =>
  Array.from(classIndices(column, classes, { ...context, fromData }));

describe('classes', () => {
  it('are the distinct labels in name order, missing ones left out', () => {
    expect(classesOf(texts('b', '', 'a', 'b', 'Z'))).toEqual(['Z', 'a', 'b']);
    expect(classesOf(numbers(10, 2, NaN, -1, 2))).toEqual(['2', '10']);
  });

  it('are found by name first, by index only otherwise', () => {
    expect(indices(numbers(2, 0, 1), ['0', '2', '1'])).toEqual([1, 0, 2]);
    expect(indices(numbers(0, 1), ['normal', 'ill'])).toEqual([0, 1]);
    expect(indices(texts('ill', '0', 'normal'), ['normal', 'ill'])).toEqual([1, 0, 0]);
  });

  it('are missing for −1, NaN and an empty cell, unless a class has that name', () => {
    expect(indices(numbers(-1, NaN, 1), ['a', 'b'])).toEqual([NaN, NaN, 1]);
    expect(indices(texts('', '-1', 'b'), ['a', 'b'])).toEqual([NaN, NaN, 1]);
    expect(indices(numbers(-1, 1), ['-1', '1'])).toEqual([0, 1]);
  });

  it.each([
    ['an integer past the end', numbers(0, 2), /x.csv: `label` row 1: label 2 is not one of the classes a, b/],
    ['a fraction', numbers(0.5), /row 0: label 0.5/],
    ['a negative number', numbers(-2), /row 0: label -2/],
    ['an unknown name', texts('a', 'c'), /row 1: label c/],
  ])('refuse %s, naming file, array, row and value', (_, column, sentence) => {
    expect(() => indices(column, ['a', 'b'])).toThrow(sentence);
  });

  it('taken from the training data never turn an unseen number into an index', () => {
    const classes = classesOf(numbers(0, 2));
    expect(indices(numbers(2, 0), classes, true)).toEqual([1, 0]);
    expect(() => indices(numbers(1), classes, true)).toThrow(expect.objectContaining({ code: 'DATA_LABEL_RANGE' }));
  });

  it('name the place of a wrong label where the source knows it', () => {
    const place = (row: number) => `${row} (line ${row + 2})`;
    expect(() => classIndices(texts('c'), ['a'], { ...context, place })).toThrow(/row 0 \(line 2\)/);
  });
});
