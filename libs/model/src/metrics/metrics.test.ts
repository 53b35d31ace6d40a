import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultMetric, metrics } from './index.ts';

const ROWS = 60;

/** As in golden.py. */
function noise(i: number, k: number): number {
  const x = Math.sin(12.9898 * (i + 1) + 78.233 * (k + 1)) * 437.5453;
  return Math.floor((x - Math.floor(x)) * 64) / 64;
}

/** Tables of golden.py: predictions and labels by row, NaN where a label is missing. */
const table = (width: number, columns: number, row: (i: number) => { scores: number[]; labels: number[] }) => {
  const rows = Array.from({ length: ROWS }, (_, i) => row(i));
  return {
    predictions: Float32Array.from(rows.flatMap(({ scores }) => scores)),
    labels: Float32Array.from(rows.flatMap(({ labels }) => labels.slice(0, columns))),
    shape: { rows: ROWS, width },
  };
};

const binary = table(1, 1, (i) => {
  const label = noise(i, 0) < 0.35 ? 1 : 0;
  return { scores: [(noise(i, 1) + label * 0.5) / 1.5], labels: [i % 7 === 3 ? NaN : label] };
});
const classify = (classes: number, occurring = classes) =>
  table(classes, 1, (i) => {
    const label = Math.floor(noise(i, 2) * occurring);
    const raw = Array.from({ length: classes }, (_, k) => noise(i, 3 + k) + 0.125 + (label === k ? 0.25 : 0));
    const sum = raw.reduce((a, b) => a + b);
    return { scores: raw.map((value) => value / sum), labels: [i % 7 === 3 ? NaN : label] };
  });
const multilabel = table(3, 3, (i) => {
  const labels = [0, 1, 2].map((k) => (k < 2 && noise(i, 7 + k) < 0.4 ? 1 : 0));
  return {
    scores: labels.map((label, k) => noise(i, 10 + k) * 0.75 + label * 0.25),
    labels: labels.map((label, k) => ((i + k) % 5 === 0 ? NaN : label)),
  };
});
const regress = table(2, 2, (i) => {
  const labels = [noise(i, 13) * 8 - 4, noise(i, 14) * 2];
  return {
    scores: labels.map((label, k) => label + noise(i, 15 + k) - 0.25),
    labels: [labels[0]!, i % 4 === 0 ? NaN : labels[1]!],
  };
});

const score = (name: string, { predictions, labels, shape }: typeof binary) =>
  metrics[name]!.compute(predictions, labels, shape);

describe('scikit-learn 1.9.1, printed by golden.py, missing labels and tied scores included', () => {
  const golden: [string, typeof binary, Record<string, number>][] = [
    [
      'binary',
      binary,
      {
        accuracy: 0.725490196,
        'balanced-accuracy': 0.725705329,
        'macro-f1': 0.722826087,
        auroc: 0.863636364,
        auprc: 0.812790166,
        'log-loss': 0.479414076,
      },
    ],
    [
      'two classes',
      classify(2),
      {
        accuracy: 0.764705882,
        'balanced-accuracy': 0.760188088,
        'macro-f1': 0.760188088,
        auroc: 0.813479624,
        auprc: 0.855492333,
        'log-loss': 0.555005014,
      },
    ],
    [
      'four classes',
      classify(4),
      {
        accuracy: 0.450980392,
        'balanced-accuracy': 0.486309524,
        'macro-f1': 0.444456522,
        auroc: 0.767396009,
        auprc: 0.508740787,
        'log-loss': 1.17872715,
      },
    ],
    [
      'four classes, one without rows',
      classify(4, 3),
      {
        accuracy: 0.509803922,
        'balanced-accuracy': 0.542424242,
        'macro-f1': 0.418169935,
        auroc: 0.782062561,
        auprc: 0.623992016,
        'log-loss': 1.166298509,
      },
    ],
    [
      'three labels, one never 1',
      multilabel,
      {
        accuracy: 0.659722222,
        'balanced-accuracy': 0.660185185,
        'macro-f1': 0.408199643,
        auroc: 0.790574363,
        auprc: 0.730997741,
        'log-loss': 0.552491903,
      },
    ],
    ['two numbers', regress, { rmse: 0.398074794, mae: 0.333035714, r2: 0.773580829 }],
  ];
  it.each(golden)('%s', (_, given, expected) => {
    for (const [name, value] of Object.entries(expected)) expect(score(name, given), name).toBeCloseTo(value, 7);
  });
});

describe('every metric', () => {
  const all = Object.values(metrics);
  const fitting = (name: string) =>
    [binary, classify(2), classify(4), multilabel, regress].filter((_, i) =>
      metrics[name]!.for.includes((['binary', 'classify', 'classify', 'multilabel', 'regress'] as const)[i]!),
    );

  it('is listed under its name', () => {
    expect(Object.keys(metrics)).toEqual(
      'accuracy balanced-accuracy macro-f1 auroc auprc log-loss rmse mae r2 iou'.split(' '),
    );
    for (const [name, metric] of Object.entries(metrics)) expect(metric.name).toBe(name);
  });

  it.each(all.map(({ name }) => name))('%s does not depend on the order of rows', (name) => {
    for (const { predictions, labels, shape } of fitting(name)) {
      const columns = labels.length / shape.rows;
      const turned = (values: Float32Array, width: number) =>
        Float32Array.from(values, (_, i) => values[(shape.rows - 1 - Math.floor(i / width)) * width + (i % width)]!);
      const there = metrics[name]!.compute(predictions, labels, shape);
      const back = metrics[name]!.compute(turned(predictions, shape.width), turned(labels, columns), shape);
      if (there === undefined) expect(back).toBeUndefined();
      else expect(back).toBeCloseTo(there, 12);
    }
  });

  it.each(all.map(({ name }) => name))(
    '%s is undefined without a label, and where a prediction is not finite',
    (name) => {
      const shape = { rows: 3, width: 4 };
      const labels = Float32Array.from({ length: 12 }, (_, i) => (i % 4 < 2 ? 1 : 0));
      const some = new Float32Array(12).fill(0.5);
      expect(metrics[name]!.compute(some, new Float32Array(12).fill(NaN), shape)).toBeUndefined();
      expect(metrics[name]!.compute(some, new Float32Array(3).fill(NaN), shape)).toBeUndefined();
      expect(metrics[name]!.compute(some.slice().fill(NaN, 0, 1), labels, shape)).toBeUndefined();
      expect(metrics[name]!.compute(new Float32Array(0), new Float32Array(0), { rows: 0, width: 4 })).toBeUndefined();
    },
  );

  it.each(all.map(({ name }) => name))('%s ignores what is predicted where the label is missing', (name) => {
    for (const { predictions, labels, shape } of fitting(name)) {
      const columns = labels.length / shape.rows;
      const spoiled = predictions.map((value, i) =>
        Number.isNaN(labels[columns === shape.width ? i : Math.floor(i / shape.width)]) ? NaN : value,
      );
      expect(metrics[name]!.compute(spoiled, labels, shape)).toBe(metrics[name]!.compute(predictions, labels, shape));
    }
  });

  it('refuses labels that do not fit the shape', () => {
    const compute = () => metrics['rmse']!.compute(new Float32Array(4), new Float32Array(3), { rows: 2, width: 2 });
    expect(compute).toThrow('4 predictions and 3 labels for 2 rows of 2');
  });
});

describe('edges', () => {
  const ones = (name: string, scores: number[], labels: number[]) =>
    metrics[name]!.compute(Float32Array.from(scores), Float32Array.from(labels), { rows: scores.length, width: 1 });

  it('AUROC of one class only is undefined', () => {
    expect(ones('auroc', [0.1, 0.9], [1, 1])).toBeUndefined();
    expect(ones('auroc', [0.1, 0.9], [0, NaN])).toBeUndefined();
  });

  it('AUROC counts every pair: the share won, ties half', () => {
    const row = fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 1 }));
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 30 }), (rows) => {
        const pairs = rows.flatMap(([a, x]) => (x === 1 ? rows.filter(([, y]) => y === 0).map(([b]) => a - b) : []));
        const won = pairs.reduce((sum, margin) => sum + (Math.sign(margin) + 1) / 2, 0);
        const found = ones(
          'auroc',
          rows.map(([a]) => a / 8),
          rows.map(([, x]) => x),
        );
        if (pairs.length === 0) expect(found).toBeUndefined();
        else expect(found).toBeCloseTo(won / pairs.length, 12);
      }),
      { seed: 1 },
    );
  });

  it('average precision without a positive row is undefined, and equal scores give the share of positives', () => {
    expect(ones('auprc', [0.1, 0.9], [0, 0])).toBeUndefined();
    expect(ones('auprc', [0.5, 0.5, 0.5, 0.5], [1, 0, 0, 0])).toBe(0.25);
  });

  it('one certain error costs −log of float32’s ε, not infinity', () => {
    expect(ones('log-loss', [0], [1])).toBeCloseTo(-Math.log(1.1920928955078125e-7), 12);
    expect(ones('log-loss', [1], [1])).toBeLessThan(2e-7);
  });

  it('equal scores go to the first class, and one half is a no', () => {
    const shape = { rows: 1, width: 2 };
    expect(metrics['accuracy']!.compute(Float32Array.of(0.5, 0.5), Float32Array.of(0), shape)).toBe(1);
    expect(ones('accuracy', [0.5], [0])).toBe(1);
  });

  it('R² of labels that do not differ is undefined, and of their mean 0', () => {
    expect(ones('r2', [1, 2], [3, 3])).toBeUndefined();
    expect(ones('r2', [2, 2], [1, 3])).toBe(0);
  });

  it('an infinite error is no score', () => {
    expect(ones('rmse', [Infinity], [1])).toBeUndefined();
  });
});

describe('iou of boxes [centre x, centre y, width, height]', () => {
  const overlap = (a: number[], b: number[]) =>
    metrics['iou']!.compute(Float32Array.from(a), Float32Array.from(b), { rows: a.length / 4, width: 4 });

  it('is the shared area over the area of both', () => {
    expect(overlap([0.5, 0.5, 1, 1], [0.5, 0.5, 1, 1])).toBe(1);
    expect(overlap([0.5, 0.5, 1, 1], [1, 0.5, 1, 1])).toBeCloseTo(1 / 3, 12);
    expect(overlap([2, 2, 4, 4], [2, 2, 2, 1])).toBe(2 / 16);
    expect(overlap([0, 0, 1, 1], [1, 0, 1, 1])).toBe(0);
    expect(overlap([0, 0, 1, 1], [1, 1, 0.5, 0.5])).toBe(0);
  });

  it('a negative side counts as none', () => {
    expect(overlap([0.5, 0.5, -1, 1], [0.5, 0.5, 1, 1])).toBe(0);
    expect(overlap([0.5, 0.5, -1, -1], [0.5, 0.5, 0, 0])).toBe(0);
  });

  it('leaves out rows with a missing side, and heads without four outputs', () => {
    expect(overlap([0.5, 0.5, 1, 1, 9, 9, 1, 1], [0.5, 0.5, 1, 1, 0, 0, NaN, 1])).toBe(1);
    expect(metrics['iou']!.compute(new Float32Array(2), new Float32Array(2), { rows: 1, width: 2 })).toBeUndefined();
  });
});

it('the default follows the head, for own layers the labels of the loss', () => {
  expect(['classify', 'binary', 'multilabel', 'regress', 'layers'].map((kind) => defaultMetric(kind))).toEqual([
    'accuracy',
    'auroc',
    'auroc',
    'rmse',
    'rmse',
  ]);
  expect(defaultMetric('layers', 'class')).toBe('accuracy');
  expect(defaultMetric('layers', 'binary')).toBe('auroc');
});
