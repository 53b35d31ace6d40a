import type { Column, Source, Split } from '../data/source.ts';
import { takeRows } from '../data/block.ts';
import { defaultLoss } from '../loss/index.ts';
import { sizeOf, type Shape } from '../layout.ts';
import { optimizerSchema } from '../optimizer/index.ts';
import { randomStream } from '../random.ts';
import type { TaskPlan } from '../task.ts';
import { buildTrunk, initialTrunk } from '../trunk/index.ts';

/** What tests of the learner share: a source over arrays, a small trunk with dropout, and tasks of every kind over them. */

/** The same arrays in every split. */
export function arraySource(inputShape: Shape, inputs: Float32Array, targets: Record<string, Column>): Source {
  const width = sizeOf(inputShape);
  const size = inputs.length / width;
  return {
    inputShape,
    file: 'arrays.npz',
    targets: Object.fromEntries(
      Object.entries(targets).map(([name, column]) => [
        name,
        { kind: column.kind, shape: column.kind === 'text' ? [] : column.shape },
      ]),
    ),
    sizes: { train: size, validation: size, test: size },
    async read(_split: Split, rows) {
      const taken = takeRows({ kind: 'number', shape: inputShape, values: inputs }, rows);
      return {
        size: rows.length,
        inputs: (taken as Column & { kind: 'number' }).values,
        targets: Object.fromEntries(Object.entries(targets).map(([name, column]) => [name, takeRows(column, rows)])),
      };
    },
    column: async (_split, target) => targets[target]!,
  };
}

export const numbers = (values: ArrayLike<number>, shape: Shape = []): Column => ({
  kind: 'number',
  shape,
  values: Float32Array.from(values),
});

/** `rows` rows of `width` uniform inputs, with targets that depend on them; about a third of the labels are missing. */
export function mixedSource(rows: number, width: number, seed = 1): Source {
  const random = randomStream(seed, 'test source');
  const inputs = Float32Array.from({ length: rows * width }, () => random.uniform() * 2 - 1);
  const first = (row: number) => inputs[row * width]!;
  const some = (value: number) => (random.uniform() < 0.3 ? NaN : value);
  const each = (value: (row: number) => number) => Array.from({ length: rows }, (_, row) => value(row));
  return arraySource([width], inputs, {
    positive: numbers(each((row) => some(first(row) > 0 ? 1 : 0))),
    third: numbers(each((row) => some(Math.min(2, Math.floor((first(row) + 1) * 1.5))))),
    values: numbers(
      each((row) => row).flatMap((row) => [some(first(row)), some(inputs[row * width + 1]!)]),
      [2],
    ),
  });
}

export const trunk = buildTrunk(
  {
    input: [6],
    layers: [{ dense: { units: 8, activation: 'tanh' } }, { dropout: { rate: 0.3 } }, { dense: { units: 5 } }],
  },
  { at: 'trunk' },
);
export const theta0 = initialTrunk(trunk, 1);

const base = {
  replica: false,
  batchSize: 16,
  sourceAdapter: [],
  ownAdapter: undefined,
  metrics: ['accuracy'],
  at: 'client.yaml:3:5',
} as const;
/** Linear in the gradient: what a head's step shows of its gradient. */
export const sgd = (learningRate: number) => optimizerSchema.parse({ sgd: { learningRate } });
export const adam = (learningRate: number) => optimizerSchema.parse({ adam: { learningRate } });

/** A task on `source`, its stream `s`; `change` overrides. */
export const binaryTask = (source: Source, change: Partial<TaskPlan> = {}): TaskPlan => ({
  ...base,
  id: 'binary',
  stream: 's',
  source,
  target: 'positive',
  head: { binary: { hidden: [] } },
  loss: defaultLoss('binary'),
  optimizer: sgd(0.1),
  ...change,
});
export const classTask = (source: Source, change: Partial<TaskPlan> = {}): TaskPlan =>
  binaryTask(source, {
    id: 'class',
    target: 'third',
    head: { classify: { classes: ['low', 'middle', 'high'], hidden: [4] } },
    loss: defaultLoss('classify'),
    ...change,
  });
export const valueTask = (source: Source, change: Partial<TaskPlan> = {}): TaskPlan =>
  binaryTask(source, {
    id: 'values',
    target: 'values',
    head: { regress: { hidden: [] } },
    loss: defaultLoss('regress'),
    metrics: ['rmse'],
    ...change,
  });

export const dense = (units: number) => ({ dense: { units, activation: 'tanh' } });
