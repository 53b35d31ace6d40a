import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';
import { loadTasks, readClient } from '@trunkline/client';
import { planRun, readRun, createTrunkStep } from '@trunkline/coordinator';
import { openBackend } from '@trunkline/model/backend';
import { heads } from '@trunkline/model/head';
import { layerKinds } from '@trunkline/model/layer';
import { createLearner } from '@trunkline/model/learner';
import { losses } from '@trunkline/model/loss';
import { metrics } from '@trunkline/model/metrics';
import { SOURCE_KINDS } from '@trunkline/model/data';
import { ROOT } from './simulate/child.ts';
import { whole } from './simulate/in-process.ts';

/** Small real files: see the README beside them. */
const fixtures = join(ROOT, 'libs', 'model', 'src', 'data', 'fixtures');
const at = (name: string) => join(fixtures, name);
const scratch = mkdtempSync(join(tmpdir(), 'trunkline-breadth-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Five yes-or-no columns of the students as 0 and 1, for a head of several labels. */
const [names, ...students] = readFileSync(at('students.csv'), 'utf8')
  .replaceAll('"', '')
  .trim()
  .split(/\r?\n/)
  .map((line) => line.split(';'));
const ANSWERS = ['famsup', 'paid', 'activities', 'nursery', 'romantic'];
const asNumber = (cell: string, column: string) => (ANSWERS.includes(column) ? String(Number(cell === 'yes')) : cell);
writeFileSync(
  join(scratch, 'answers.csv'),
  [names!, ...students.map((row) => row.map((cell, i) => asNumber(cell, names![i]!)))]
    .map((row) => row.join(','))
    .join('\n'),
);

const CLASSES = Array.from({ length: 10 }, (_, i) => `class-${i}`);
const split = { train: 0.6, validation: 0.2, test: 0.2 };
const boxes = (part: string) => ({
  train: at(`cells-train${part}`),
  validation: at(`cells-val${part}`),
  test: at(`cells-test${part}`),
});
const cells = { cifar: { files: boxes('.bin'), targets: { box: { file: boxes('-boxes.f32'), size: 4 } }, scale: 255 } };
const dense = { dense: { units: 16, activation: 'relu' } };

interface Case {
  readonly data: object;
  readonly task: object;
  readonly trunk: { readonly input: readonly number[]; readonly layers: readonly object[] };
}

const cases: Record<string, Case> = {
  'clothes as npz: convolutions, residual block, smoothed and weighted cross-entropy': {
    data: {
      npz: { file: at('fashion.npz'), inputs: '{split}_images', targets: { label: '{split}_labels' }, scale: 255 },
    },
    task: {
      head: { classify: { classes: CLASSES } },
      loss: { 'cross-entropy': { smoothing: 0.1, classWeights: 'balanced' } },
      metrics: ['accuracy', 'balanced-accuracy', 'macro-f1', 'log-loss'],
    },
    trunk: {
      input: [28, 28, 1],
      layers: [
        { conv2d: { filters: 4, kernelSize: 3, strides: 2, activation: 'relu' } },
        {
          residual: {
            layers: [
              { conv2d: { filters: 4, kernelSize: 3, padding: 'same' } },
              { activation: { activation: 'relu' } },
            ],
          },
        },
        { maxPooling2d: {} },
        { flatten: {} },
        { dropout: { rate: 0.1 } },
        dense,
      ],
    },
  },
  'clothes as idx: depthwise convolution, group normalisation, own layers as head': {
    data: {
      idx: {
        inputs: { train: at('fashion-train-images.idx.gz'), test: at('fashion-test-images.idx.gz') },
        targets: { train: at('fashion-train-labels.idx'), test: at('fashion-test-labels.idx') },
        scale: 255,
      },
      split: { validation: 0.2, seed: 6 },
    },
    task: { head: { layers: [dense, { dense: { units: 10 } }] }, loss: 'cross-entropy', metrics: ['accuracy'] },
    trunk: {
      input: [28, 28, 1],
      layers: [
        { averagePooling2d: {} },
        { depthwiseConv2d: { kernelSize: 3, depthMultiplier: 4 } },
        { groupNormalization: { groups: 2 } },
        { conv2d: { filters: 8, kernelSize: 3, activation: 'relu' } },
        { globalAveragePooling2d: {} },
      ],
    },
  },
  'pixels as npy tokens: embedding and pooling': {
    data: {
      npy: {
        inputs: { train: join(scratch, 'x.npy') },
        targets: { train: join(scratch, 'y.npy') },
      },
      split,
    },
    task: { head: { classify: { classes: CLASSES } }, metrics: ['accuracy'] },
    trunk: {
      input: [784],
      layers: [{ embedding: { inputDim: 256, outputDim: 4 } }, { globalAveragePooling1d: {} }, dense],
    },
  },
  'boxes of cells as cifar records: Huber, layer normalisation': {
    data: cells,
    task: {
      target: 'box',
      head: { regress: { box: true } },
      loss: { huber: { delta: 0.1 } },
      metrics: ['iou', 'rmse', 'mae', 'r2'],
    },
    trunk: {
      input: [3072],
      layers: [{ dense: { units: 16 } }, { layerNormalization: {} }, { activation: { activation: 'gelu' } }],
    },
  },
  'grades of students as csv: mean absolute error': {
    data: {
      csv: { file: at('students.csv'), delimiter: ';', targets: ['G3'] },
      split,
      adapter: [{ dense: { units: 8 } }],
    },
    task: { head: { regress: {} }, loss: 'mae', metrics: ['mae', 'r2'] },
    trunk: { input: [8], layers: [dense] },
  },
  'grades again, as parquet: mean squared error': {
    data: {
      parquet: { file: at('students.parquet'), targets: ['G3'] },
      split,
      adapter: [{ dense: { units: 8 } }],
    },
    task: { head: { regress: { hidden: [8] } }, loss: 'mse', metrics: ['rmse'] },
    trunk: { input: [8], layers: [dense] },
  },
  'answers of students: several labels': {
    data: {
      csv: { file: join(scratch, 'answers.csv'), targets: { answers: ANSWERS } },
      split,
      adapter: [{ dense: { units: 8 } }],
    },
    task: {
      head: { multilabel: { labels: ANSWERS } },
      loss: 'sigmoid-cross-entropy',
      metrics: ['auroc', 'auprc', 'macro-f1', 'accuracy'],
    },
    trunk: { input: [8], layers: [dense] },
  },
  'one answer: a binary head on a text': {
    data: {
      csv: { file: at('students.csv'), delimiter: ';', targets: ['sex'] },
      split: { ...split, stratify: true },
      adapter: [{ dense: { units: 8 } }],
    },
    task: { head: { binary: {} }, loss: 'sigmoid-cross-entropy', metrics: ['auroc', 'log-loss'] },
    trunk: { input: [8], layers: [dense] },
  },
  'Greek letters as images: attention over rows': {
    data: {
      images: { folder: at('greek'), size: [21, 21], channels: 1, scale: 255 },
      split: { ...split, stratify: true },
    },
    task: { head: 'classify', metrics: ['accuracy', 'auroc'] },
    trunk: {
      input: [21, 21, 1],
      layers: [
        { reshape: { targetShape: [21, 21] } },
        { dense: { units: 8 } },
        { positionalEmbedding: {} },
        { multiHeadAttention: { numHeads: 2 } },
        { transformerBlock: { numHeads: 2, intermediateDim: 16 } },
        { globalAveragePooling1d: {} },
      ],
    },
  },
};

// The images of fashion.npz as npy files of their own.
const npz = unzipSync(readFileSync(at('fashion.npz')));
writeFileSync(join(scratch, 'x.npy'), npz['train_images.npy']!);
writeFileSync(join(scratch, 'y.npy'), npz['train_labels.npy']!);

describe('trains on real files:', () => {
  it.each(Object.entries(cases))('%s', async (_, { data, task, trunk }) => {
    const file = join(scratch, 'client.yaml');
    const optimizer = { adam: { learningRate: 0.01 } };
    writeFileSync(
      file,
      JSON.stringify({
        client: 'one',
        data: { ...data, batchSize: 16 },
        tasks: [{ id: 'task', optimizer, ...task }],
      }),
    );
    writeFileSync(join(scratch, 'run.yaml'), JSON.stringify({ trunk, optimizer, rounds: 60 }));
    const plan = planRun(readRun(join(scratch, 'run.yaml')));
    const { tf } = await openBackend({ device: 'auto', threads: 1, convolutional: true });
    const tasks = await loadTasks(readClient(file));
    const learner = await createLearner({ tf, trunk: plan.trunk, tasks, seed: 1, client: 'one', weightHeads: true });
    const keeper = createTrunkStep(plan);
    const found: number[] = [];
    const held: number[] = [];
    while (keeper.version < plan.config.rounds) {
      const { version: round, theta } = keeper;
      const {
        losses: [loss],
        gradients,
      } = await learner.step({ round, theta, lambda: { task: 1 }, exchange: 'sum', probe: false });
      found.push(loss!.loss);
      held.push(tf.memory().numTensors);
      const sum = Float64Array.from(await whole(gradients[0]!.slices, plan.trunk.layout.length));
      expect(sum.some((value) => value !== 0)).toBe(true);
      keeper.advance({ exchange: 'sum', sum, tasks: 1 });
    }
    const mean = (part: readonly number[]) => part.reduce((a, b) => a + b, 0) / part.length;
    expect(mean(found.slice(-10))).toBeLessThan(0.9 * mean(found.slice(0, 5)));
    expect(new Set(held.slice(1)).size).toBe(1);
    const [score] = await learner.evaluate(keeper.theta, 'test');
    const wanted = (task as { metrics: string[] }).metrics;
    expect(
      Object.entries(score!.metrics)
        .filter(([, value]) => Number.isFinite(value))
        .map(([name]) => name),
    ).toEqual(wanted);
    learner.dispose();
  });
});

it('nothing on the lists of sources, heads, losses, metrics and layers is left out', () => {
  const text = JSON.stringify(Object.values(cases));
  const missing = [SOURCE_KINDS, ...[heads, losses, metrics, layerKinds].map((list) => Object.keys(list))]
    .flat()
    .filter((name) => !text.includes(`"${name}"`));
  expect(missing).toEqual([]);
});
