import * as tf from '@tensorflow/tfjs';
import { toTrunklineError } from '@trunkline/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkConfig } from '../config/index.ts';
import type { Column } from '../data/source.ts';
import type { LabelKind } from '../loss/loss.ts';
import type { Shape } from '../layout.ts';
import { headSchema, placeHead, type Head } from './index.ts';

beforeAll(() => tf.setBackend('cpu'));
let before = 0;
beforeEach(() => void (before = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(before));

const number = (values: number[], shape: Shape = []): Column => ({
  kind: 'number',
  shape,
  values: Float32Array.from(values),
});
const text = (...values: string[]): Column => ({ kind: 'text', values });

const lossOf: Record<string, LabelKind> = { classify: 'class', binary: 'binary', multilabel: 'binary' };
function headOf(config: unknown, training: Column, inputShape: Shape = [8], lossLabels?: LabelKind): Head {
  const checked = checkConfig(headSchema, config, (path) => `c.yaml:${path.join('.')}`);
  return placeHead(checked, {
    inputShape,
    target: { name: 'label', training, file: 'x.csv', at: 'c.yaml:4:5' },
    lossLabels: lossLabels ?? lossOf[Object.keys(checked)[0]!] ?? 'number',
  });
}
function refusal(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    const { code, message, hint } = toTrunklineError(thrown);
    return `${code}: ${message} ${hint}`;
  }
  throw new Error('Nothing was refused.');
}

describe('layers of a head', () => {
  test('flatten an output of several axes, hide dense relu layers, end in a linear one of the head’s width', () => {
    const { stack, width } = headOf({ classify: { hidden: [16, 4] } }, text('a', 'b', 'c'), [3, 3, 2]);
    expect(stack.layers.map(({ kind, outputShape }) => [kind, ...outputShape])).toEqual([
      ['flatten', 18],
      ['dense', 16],
      ['dense', 4],
      ['dense', 3],
    ]);
    expect(stack.specs.map((spec) => (spec.dense as { activation: string } | undefined)?.activation)).toEqual([
      undefined,
      'relu',
      'relu',
      'linear',
    ]);
    expect(width).toBe(3);
  });
  test('are one linear layer where the trunk gives one axis', () => {
    expect(headOf('binary', number([0, 1])).stack.layout.slots.map(({ shape }) => shape)).toEqual([[8, 1], [1]]);
  });
  test('of one’s own mean what the loss says', () => {
    const own = { layers: [{ dense: { units: 3, activation: 'tanh' } }, { dense: { units: 2 } }] };
    expect(headOf(own, number([0.5, -1, 3, NaN], [2])).labels.kind).toBe('number');
    expect(headOf(own, number([0, 1, 1, -1], [2]), [8], 'binary').labels.kind).toBe('binary');
    expect(headOf(own, text('no', 'yes'), [8], 'class').labels.classes).toEqual(['no', 'yes']);
    expect(refusal(() => headOf(own, text('a', 'b', 'c'), [8], 'class'))).toContain('2 logits for 3 classes');
    expect(refusal(() => headOf({ layers: [{ dense: { units: 2 } }] }, number([1, 2], [2]), [4, 4]))).toContain(
      'the last layer gives shape [4, 2]',
    );
  });
});

describe('scores', () => {
  const scored = (head: Head, outputs: number[][]) =>
    tf.tidy(() => [...head.scores(tf, tf.tensor2d(outputs)).dataSync()].map((value) => Number(value.toFixed(6))));
  test('are the sigmoid of a binary or multilabel head, the softmax of a classifier, the values of a regression', () => {
    expect(scored(headOf('binary', number([0, 1])), [[0], [Math.log(3)]])).toEqual([0.5, 0.75]);
    expect(scored(headOf('multilabel', number([0, 1], [2])), [[0, Math.log(3)]])).toEqual([0.5, 0.75]);
    expect(scored(headOf('classify', text('a', 'b')), [[0, Math.log(3)]])).toEqual([0.25, 0.75]);
    expect(scored(headOf('regress', number([0, 1], [2])), [[-7, 3]])).toEqual([-7, 3]);
  });
});

describe('labels', () => {
  const read = (head: Head, column: Column) => [...head.labels.read(column).values];

  test('of a binary head are 0 and 1; −1 and NaN are missing; (N, 1) is taken as (N)', () => {
    const head = headOf('binary', number([0, 1], [1]));
    expect(read(head, number([1, 0, -1, NaN], [1]))).toEqual([1, 0, NaN, NaN]);
  });
  test('of a binary head may be two texts: the second in name order is 1', () => {
    const head = headOf('binary', text('sick', 'healthy', '', 'sick'));
    expect(read(head, text('healthy', '', 'sick'))).toEqual([0, NaN, 1]);
    expect(head.labels.classes).toEqual(['healthy', 'sick']);
  });
  test('of a classifier are names, or where a value is no name, indices', () => {
    const head = headOf({ classify: { classes: ['normal', 'pneumonia', 10] } }, number([0, 1, 10]));
    expect(head.labels.classes).toEqual(['normal', 'pneumonia', '10']);
    expect(read(head, number([0, 2, 10, -1, NaN]))).toEqual([0, 2, 2, NaN, NaN]);
    expect(read(head, text('pneumonia', '2', ''))).toEqual([1, 2, NaN]);
  });
  test('of a classifier without classes come from the training data, in name order', () => {
    const head = headOf('classify', text('b', 'c', 'a', '', 'b'));
    expect(head.labels.classes).toEqual(['a', 'b', 'c']);
    expect(head.width).toBe(3);
  });
  test('of a multilabel head are one a column, each of them missing by itself', () => {
    const head = headOf({ multilabel: { labels: ['x', 'y'] } }, number([0, 1], [2]));
    expect(read(head, number([0, -1, NaN, 1], [2]))).toEqual([0, NaN, NaN, 1]);
  });
  test('of a regression are numbers: −1 is one of them', () => {
    const head = headOf({ regress: { outputs: 2 } }, number([0, 1], [2]));
    expect(read(head, number([-1, 2.5, NaN, 0], [2]))).toEqual([-1, 2.5, NaN, 0]);
  });
});

describe('refusals name file, row, value and remedy', () => {
  test('a label out of range', () => {
    expect(refusal(() => headOf('binary', number([0, 1])).labels.read(number([0, 1, 2])))).toMatchInlineSnapshot(
      `"DATA_LABEL_RANGE: x.csv: \`label\` row 2: label 2 is not one of the classes 0, 1. Correct the label or the list of classes; −1, NaN and an empty cell mean "no label"."`,
    );
    expect(
      refusal(() =>
        headOf('multilabel', number([0, 1], [2])).labels.read(
          number([0, 1, 0.5, 1], [2]),
          (row) => `${row} (line ${row + 2})`,
        ),
      ),
    ).toMatchInlineSnapshot(
      `"DATA_LABEL_RANGE: x.csv: \`label\` row 1 (line 3): label 0.5 is not one of the classes 0, 1. Correct the label or the list of classes; −1, NaN and an empty cell mean "no label"."`,
    );
    expect(
      refusal(() => headOf({ classify: { classes: ['a', 'b'] } }, text('a', 'b')).labels.read(text('a', 'c'))),
    ).toMatchInlineSnapshot(
      `"DATA_LABEL_RANGE: x.csv: \`label\` row 1: label c is not one of the classes a, b. Correct the label or the list of classes; −1, NaN and an empty cell mean "no label"."`,
    );
    expect(refusal(() => headOf('regress', number([0])).labels.read(number([0, Infinity])))).toMatchInlineSnapshot(
      `"DATA_TARGET_NOT_FINITE: x.csv: \`label\` row 1 holds Infinity; a target must be a finite number, or NaN where its label is missing. Correct the value, or leave it out."`,
    );
  });
  test('a target of another shape', () => {
    expect(refusal(() => headOf('binary', number([0, 1, 1, 0], [2])))).toMatchInlineSnapshot(
      `"DATA_SHAPE: c.yaml:4:5: \`label\` in x.csv has shape [rows, 2]; expected one number 0 or 1 a row. For several labels a row use the head \`multilabel\`, with as many \`labels\`."`,
    );
    expect(refusal(() => headOf({ regress: { outputs: 4 } }, number([0, 1, 1, 0], [2])))).toMatchInlineSnapshot(
      `"DATA_SHAPE: c.yaml:4:5: \`label\` in x.csv has shape [rows, 2]; expected 4 numbers a row. Give the head as many outputs as the target has numbers a row."`,
    );
    expect(refusal(() => headOf('regress', text('a', 'b')))).toMatchInlineSnapshot(
      `"DATA_SHAPE: c.yaml:4:5: \`label\` in x.csv has shape [rows of text]; expected one number a row. Correct the cells that are no numbers, as "a" in row 0."`,
    );
    expect(refusal(() => headOf('classify', number([0, 1, 1, 0], [2])))).toMatchInlineSnapshot(
      `"DATA_SHAPE: c.yaml:4:5: \`label\` in x.csv has shape [rows, 2]; expected one class a row. For several labels a row use the head \`multilabel\`."`,
    );
  });
  test('classes that cannot be', () => {
    expect(refusal(() => headOf('binary', text('a', 'b', 'c')))).toMatchInlineSnapshot(
      `"CONFIG_INVALID: c.yaml:4:5: head.binary: \`label\` in x.csv holds 3 distinct texts in its training split (a, b, c); a binary head takes two. Use the head \`classify\`, or give the labels as 0 and 1."`,
    );
    expect(refusal(() => headOf({ classify: { classes: ['a', 'a'] } }, text('a')))).toMatchInlineSnapshot(
      `"CONFIG_INVALID: c.yaml:4:5: head.classify.classes: the class \`a\` stands twice. List the classes of the head, each once."`,
    );
    expect(refusal(() => headOf('classify', text('a', 'a')))).toMatchInlineSnapshot(
      `"CONFIG_INVALID: c.yaml:4:5: head.classify.classes: \`label\` in x.csv holds one class only, a in its training split; a classifier needs two. List the classes of the head, each once."`,
    );
  });
  test('a loss for other labels', () => {
    expect(refusal(() => headOf('binary', number([0, 1]), [8], 'class'))).toMatchInlineSnapshot(
      `"CONFIG_INVALID: c.yaml:4:5: loss: the head \`binary\` has labels 0 or 1, the loss takes classes. Leave \`loss\` out to take the one that belongs to the head."`,
    );
  });
  test('the form of the key', () => {
    expect(refusal(() => headOf('binar', number([0, 1])))).toMatchInlineSnapshot(
      `"CONFIG_INVALID: c.yaml:: the file: expected one of binary, classify, multilabel, regress, layers; found "binar". Did you mean \`binary\`?"`,
    );
    expect(refusal(() => headOf({ classify: { clases: ['a'] } }, number([0, 1])))).toMatchInlineSnapshot(
      `"CONFIG_UNKNOWN_KEY: c.yaml:classify.clases: unknown key \`classify.clases\`. Did you mean \`classes\`?"`,
    );
    expect(refusal(() => headOf({ binary: { hidden: [0] } }, number([0, 1])))).toMatchInlineSnapshot(
      `"CONFIG_INVALID: c.yaml:binary.hidden.0: binary.hidden.0: expected a number > 0; found 0. Correct the value; docs/reference explains the key."`,
    );
  });
});
