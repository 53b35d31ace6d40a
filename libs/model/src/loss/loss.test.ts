import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkConfig } from '../config/index.ts';
import { lossOf } from '../learner/encode-labels.ts';
import {
  defaultLoss,
  elementWeights,
  lossLabels,
  lossSchema,
  losses,
  placeLoss,
  weighted,
  type ClosedLoss,
  type Labels,
  type LossConfig,
} from './index.ts';

beforeAll(() => tf.setBackend('cpu'));
let before = 0;
beforeEach(() => void (before = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(before));

const labelsOf = (values: number[], columns = 1): Labels => ({
  rows: values.length / columns,
  columns,
  values: Float32Array.from(values),
});

interface Case {
  readonly config: LossConfig;
  readonly outputs: number[];
  readonly labels: Labels;
  readonly golden: number[];
}

const logits = [2, -1, 0.5, -30, 30, 0, 0.1, 0.2, 0.3, 5, -4, 1];
const signed = [-3, 0, 2, 20, -20, 0.5];
const bits = labelsOf([0, 1, 1, 1, 1, 0], 2);
const values = [1, -2, 0.5, 3];
const numbers = labelsOf([0, -2.5, 0.5, -4], 2);

// Golden values: the textbook formulas in float64, computed with Python's math module.
const cases: Record<string, Case> = {
  'cross-entropy': {
    config: { 'cross-entropy': { smoothing: 0 } },
    outputs: logits,
    labels: labelsOf([2, 1, 0, 0]),
    golden: [1.7413112966571571, 9.237055564881302e-14, 1.201942848229244, 0.018271110704318083],
  },
  'cross-entropy, smoothed by 0.2': {
    config: { 'cross-entropy': { smoothing: 0.2 } },
    outputs: logits,
    labels: labelsOf([2, 1, 0, 0]),
    golden: [1.7413112966571571, 6.000000000000092, 1.181942848229244, 0.8849377773709848],
  },
  'sigmoid-cross-entropy': {
    config: { 'sigmoid-cross-entropy': { smoothing: 0 } },
    outputs: signed,
    labels: bits,
    golden: [
      0.04858735157374206,
      Math.LN2,
      0.1269280110429725,
      2.061153620314381e-9,
      20.00000000206115,
      0.974076984180106,
    ],
  },
  'sigmoid-cross-entropy, smoothed by 0.2': {
    config: { 'sigmoid-cross-entropy': { smoothing: 0.2 } },
    outputs: signed,
    labels: bits,
    golden: [
      0.3485873515737421,
      Math.LN2,
      0.3269280110429725,
      2.000000002061153,
      18.00000000206115,
      0.9240769841801066,
    ],
  },
  mse: { config: { mse: {} }, outputs: values, labels: numbers, golden: [1, 0.25, 0, 49] },
  mae: { config: { mae: {} }, outputs: values, labels: numbers, golden: [1, 0.5, 0, 7] },
  'huber, delta 2': { config: { huber: { delta: 2 } }, outputs: values, labels: numbers, golden: [0.5, 0.125, 0, 12] },
};

type Given = Pick<Case, 'config' | 'outputs' | 'labels'>;

const place = ({ config, outputs, labels }: Given) =>
  placeLoss(config, { width: outputs.length / labels.rows, classes: undefined, training: labels, at: 'x.yaml:1:1' });

/** Σ weight · loss and its gradient, as a training step takes them. */
function evaluate(one: Given, weights = new Float32Array(one.labels.values.length).fill(1)) {
  const loss = place(one);
  const encoded = { labels: one.labels, targets: loss.targets(one.labels), weights, labelledRows: one.labels.rows };
  const { rows } = one.labels;
  const { value, grad } = tf.valueAndGrad((outputs) => lossOf(tf, { loss }, outputs, encoded))(
    tf.tensor(one.outputs, [rows, one.outputs.length / rows]),
  );
  return { loss: value.dataSync()[0]!, gradient: grad.dataSync() as Float32Array };
}

const oneHot = (length: number, i: number) => new Float32Array(length).fill(1, i, i + 1);

describe.each(Object.entries(cases))('%s', (_, one) => {
  test('gives the golden loss of every element', () => {
    tf.tidy(() => {
      for (const [i, value] of one.golden.entries())
        expect(Math.abs(evaluate(one, oneHot(one.golden.length, i)).loss - value)).toBeLessThan(2e-6);
    });
  });

  test('has the gradient of finite differences', () => {
    // Away from the kinks of mae and huber, and where a logit still matters to float32.
    const outputs = one.outputs.map((value) => Math.max(-4, Math.min(4, value)) + 0.05);
    const step = 2 ** -6;
    tf.tidy(() => {
      const moved = (place: number, by: number) =>
        evaluate({ ...one, outputs: outputs.map((value, j) => (place === j ? value + by : value)) }).loss;
      for (const [i, slope] of evaluate({ ...one, outputs }).gradient.entries())
        expect(Math.abs(slope - (moved(i, step) - moved(i, -step)) / (2 * step))).toBeLessThan(1e-3);
    });
  });

  test('is finite, and so is its gradient, for outputs of any size up to 1e18', () => {
    tf.tidy(() => {
      for (let power = -30; power <= 18; power += 4) {
        const outputs = one.outputs.map((value, i) => Math.sign(value || 1) * 10 ** power * (i + 1));
        const { loss, gradient } = evaluate({ ...one, outputs });
        expect(Number.isFinite(loss), `1e${power}`).toBe(true);
        expect(gradient.every(Number.isFinite), `1e${power}`).toBe(true);
      }
    });
  });

  test('has a gradient in proportion to what it is scaled by', () => {
    tf.tidy(() => {
      const { loss, gradient } = evaluate(one);
      const half = evaluate(one, new Float32Array(one.golden.length).fill(0.5));
      expect(half.loss).toBe(loss / 2);
      expect([...half.gradient]).toEqual([...gradient].map((slope) => slope / 2));
    });
  });
});

test('an element that weighs 0 is not looked at where the loss is in closed form', () => {
  const loss = place(cases['mse']!) as ClosedLoss;
  const given = { outputs: Float32Array.of(NaN, 3), targets: Float32Array.of(0, 1), weights: Float32Array.of(0, 0.5) };
  expect(weighted(loss, given)).toEqual({ loss: 2, gradient: Float32Array.of(0, 2) });
});

test('a loss beyond float32 is infinite: its task has diverged', () => {
  tf.tidy(() => {
    expect(evaluate({ config: { mse: {} }, outputs: [1e30], labels: labelsOf([0]) }).loss).toBe(Infinity);
  });
});

test('a confident right logit loses nothing to cancellation: relative error below 1e-7 at 20', () => {
  tf.tidy(() => {
    const { loss } = evaluate({ ...cases['sigmoid-cross-entropy']!, outputs: [-20], labels: labelsOf([0]) });
    expect(loss / 2.061153620314381e-9).toBeCloseTo(1, 7);
  });
});

describe('weights of elements', () => {
  test('make the mean over labelled rows of the mean over their labelled elements', () => {
    const { weights, labelledRows } = elementWeights(labelsOf([1, NaN, NaN, NaN, 0, 1], 2), {});
    expect(labelledRows).toBe(2);
    expect([...weights]).toEqual([0.5, 0, 0, 0, 0.25, 0.25]);
  });
  test('are all 0 without a label', () => {
    expect(elementWeights(labelsOf([NaN, NaN]), {})).toEqual({ weights: new Float32Array(2), labelledRows: 0 });
  });

  const classes = ['a', 'b', 'c'];
  const training = labelsOf([0, 0, 0, 1, 1, 2, NaN]);
  const weightsOf = (classWeights: unknown) => {
    const config = checkConfig(lossSchema, { 'cross-entropy': { classWeights } }, () => 'x.yaml:1:1');
    return [0, 1, 2].map((label) =>
      placeLoss(config, { width: 3, classes, training, at: 'x.yaml:2:3' }).weightOf!(label, 0),
    );
  };
  test('of classes: by name, in order, or balanced as scikit-learn 1.5 does: n / (K n_c)', () => {
    expect(weightsOf({ b: 4 })).toEqual([1, 4, 1]);
    expect(weightsOf([3, 2, 1])).toEqual([3, 2, 1]);
    expect(weightsOf('balanced')).toEqual([6 / 9, 1, 2]);
  });
  test('of classes that are not there are refused', () => {
    expect(() => weightsOf({ d: 1 })).toThrow('x.yaml:2:3: cross-entropy.classWeights: `d` is not a class.');
    expect(() => weightsOf([1, 2])).toThrow('2 weights for 3 classes');
  });
  test('of positives: given, or zeros over ones a column, 1 where a column has only one of them', () => {
    const bits = labelsOf([1, 0, 0, 0, 0, 0, NaN, 0], 2);
    const of = (positiveWeight: number | 'balanced') => {
      const config: LossConfig = { 'sigmoid-cross-entropy': { positiveWeight, smoothing: 0 } };
      const loss = placeLoss(config, { width: 2, classes: undefined, training: bits, at: '' });
      return [loss.weightOf!(0, 0), loss.weightOf!(1, 0), loss.weightOf!(1, 1)];
    };
    expect(of('balanced')).toEqual([1, 2, 1]);
    expect(of(5)).toEqual([1, 5, 5]);
  });
});

describe('the key `loss`', () => {
  const check = (value: unknown) => checkConfig(lossSchema, value, (path) => `x.yaml:${path.join('.')}`);
  test('takes a bare name or a name with parameters, defaults filled in', () => {
    expect(check('huber')).toEqual({ huber: { delta: 1 } });
    expect(check({ 'cross-entropy': {} })).toEqual({ 'cross-entropy': { smoothing: 0 } });
  });
  test('refuses an unknown name, an unknown parameter and two losses at once', () => {
    expect(() => check('hinge')).toThrow('huber');
    expect(() => check({ huber: { detla: 2 } })).toThrow('x.yaml:huber.detla: unknown key `huber.detla`');
    expect(() => check({ huber: {}, mae: {} })).toThrow('expected one of');
  });
  test('has a default for every kind of head, which takes that head’s labels', () => {
    const kinds = Object.fromEntries(
      ['classify', 'binary', 'multilabel', 'regress', 'layers'].map((head) => [head, lossLabels(defaultLoss(head))]),
    );
    expect(kinds).toEqual({
      classify: 'class',
      binary: 'binary',
      multilabel: 'binary',
      regress: 'number',
      layers: 'number',
    });
    expect(Object.keys(losses)).toEqual(['cross-entropy', 'sigmoid-cross-entropy', 'mse', 'huber', 'mae']);
  });
});
