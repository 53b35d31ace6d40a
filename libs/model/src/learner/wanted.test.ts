import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openBackend } from '../backend.ts';
import { createBatches } from '../data/batches.ts';
import type { Tf } from '../layer/layer.ts';
import { createLearner, type Learner, type LocalCall, type StepCall, type StepResult } from '../learner.ts';
import type { TaskPlan } from '../task.ts';
import { buildTrunk, initialTrunk } from '../trunk/index.ts';
import { binaryTask, classTask, dense, mixedSource, sgd, theta0, trunk, valueTask } from './test-tasks.ts';

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await openBackend({ device: 'cpu', threads: 1 }));
});

const open: Learner[] = [];
let before = 0;
beforeEach(() => void (before = tf.memory().numTensors));
afterEach(() => {
  for (const learner of open.splice(0)) learner.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

/** Without dropout: what a batch loses depends on its rows alone. */
const still = buildTrunk(
  { input: [6], layers: [{ dense: { units: 8, activation: 'tanh' } }, { dense: { units: 5 } }] },
  { at: 'trunk' },
);
const still0 = initialTrunk(still, 1);

async function learnerOf(tasks: TaskPlan[], of = trunk): Promise<Learner> {
  const learner = await createLearner({ tf, trunk: of, tasks, seed: 1, client: 'client', weightHeads: true });
  open.push(learner);
  return learner;
}
const shared = { sourceAdapter: [dense(6)] } as Partial<TaskPlan>;
const tasksOf = (source = mixedSource(100, 6)) => [
  binaryTask(source, shared),
  classTask(source, shared),
  valueTask(source, { ownAdapter: [dense(6)] }),
];
const call = (change: Partial<StepCall> = {}): StepCall => ({
  round: 0,
  theta: theta0,
  lambda: { binary: 0.5, class: 2 },
  exchange: 'rows',
  probe: false,
  ...change,
});
const local = (change: Partial<LocalCall> = {}): LocalCall => ({
  steps: 3,
  optimizer: sgd(0.1),
  proximal: 0,
  scaffold: false,
  ...change,
});
async function rowsOf({ gradients }: StepResult): Promise<Record<string, Float32Array>> {
  const rows: Record<string, Float32Array> = {};
  for (const { kind, tasks, slices } of gradients)
    for await (const { values } of slices) rows[`${kind} ${tasks.join('+')}`] = values;
  return rows;
}
const plainLosses = ({ losses }: StepResult) => losses.map(({ task, loss, labelled }) => ({ task, loss, labelled }));

describe('what a strategy wants beside rows', () => {
  test.each([
    ['sync', {}],
    ['local', { local: local() }],
    ['local with SCAFFOLD', { local: local({ scaffold: true, control: theta0.map((value) => value / 10) }) }],
  ])('changes no row, no loss, no head and no adapter in %s', async (_, mode) => {
    const plain = await learnerOf(tasksOf());
    const asked = await learnerOf(tasksOf());
    for (let round = 0; round < 4; round++) {
      const one = await plain.step(call({ round, ...mode }));
      const other = await asked.step(call({ round, ...mode, wants: ['losses-after', 'extra-batches'] }));
      expect(plainLosses(other)).toEqual(one.losses);
      const rows = await rowsOf(other);
      for (const [name, values] of Object.entries(await rowsOf(one))) expect(rows[name]).toEqual(values);
      expect(asked.digests()).toEqual(plain.digests());
    }
    expect(asked.snapshot()).toEqual(plain.snapshot());
  });

  test('is nothing where it is not asked for', async () => {
    const learner = await learnerOf(tasksOf());
    await learner.step(call());
    const { losses, gradients } = await learner.step(call({ round: 1 }));
    expect(new Set(gradients.map(({ kind }) => kind))).toEqual(new Set(['row']));
    expect(losses.every((loss) => !('after' in loss))).toBe(true);
  });
});

describe('rows of further batches', () => {
  test('are gradients of batches that streams of their own draw, from the heads as they stand', async () => {
    const source = mixedSource(100, 6);
    const learner = await learnerOf([binaryTask(source), valueTask(source)], still);
    const found = await rowsOf(await learner.step(call({ round: 3, theta: still0, wants: ['extra-batches'] })));
    for (const draw of ['extra-1', 'extra-2']) {
      // The same rows as a source of their own, whose only batch they are.
      const batches = createBatches({ seed: 1, stream: 's', size: 100, batchSize: 16, name: `batch-${draw}` });
      const drawn = await source.read('train', batches.rows(3));
      const only = { ...source, sizes: { ...source.sizes, train: 16 }, read: () => Promise.resolve(drawn) };
      const other = await learnerOf([binaryTask(only), valueTask(only)], still);
      const rows = await rowsOf(await other.step(call({ theta: still0 })));
      for (const task of ['binary', 'values']) expect(found[`${draw} ${task}`]).toEqual(rows[`row ${task}`]);
    }
    const vectors = ['row', 'extra-1', 'extra-2'].map((kind) => found[`${kind} binary`]!.join());
    expect(new Set(vectors).size).toBe(3);
  });

  test('have dropout masks of their own', async () => {
    // Every row is the same: only the masks can tell one batch from another.
    const source = mixedSource(1, 6, 3);
    const task = valueTask(source, { batchSize: 1 });
    const [one, other] = [await learnerOf([task]), await learnerOf([task], still)];
    const distinct = async (learner: Learner, theta: Float32Array) => {
      const rows = await rowsOf(await learner.step(call({ theta, wants: ['extra-batches'] })));
      return new Set(Object.values(rows).map((values) => values.join())).size;
    };
    expect(await distinct(one, theta0)).toBe(3);
    expect(await distinct(other, still0)).toBe(1);
  });

  test('come with a task’s own row only, at any round, again and out of turn', async () => {
    const learner = await learnerOf(tasksOf());
    const wanted = call({ round: 7, wants: ['extra-batches'] });
    const start = learner.snapshot();
    const first = await rowsOf(await learner.step(wanted));
    await learner.step(call({ round: 8, wants: ['extra-batches'] }));
    learner.restore(start);
    expect(await rowsOf(await learner.step(wanted))).toEqual(first);
    const diverged = await learner.step(call({ theta: theta0.map(() => NaN), wants: ['extra-batches'] }));
    expect(diverged.gradients).toEqual([]);
  });

  test('are sums of local updates where rows are', async () => {
    const learner = await learnerOf(tasksOf());
    const rows = await rowsOf(await learner.step(call({ local: local(), wants: ['extra-batches'] })));
    expect(Object.keys(rows).sort()).toEqual(
      ['extra-1', 'extra-2', 'row'].flatMap((kind) => ['binary', 'class', 'values'].map((id) => `${kind} ${id}`)),
    );
  });

  test('are refused from a source that has one batch a round', async () => {
    const source = { ...mixedSource(100, 6), oneBatchARound: true };
    const learner = await learnerOf([binaryTask(source)]);
    await expect(learner.step(call({ wants: ['extra-batches'] }))).rejects.toMatchObject({ code: 'DATA_LOADER' });
    expect((await learner.step(call())).gradients).toHaveLength(1);
  });
});

describe('losses after the step', () => {
  test('are those of the round before’s batch on this trunk, with the heads that it left', async () => {
    const learner = await learnerOf(tasksOf());
    const first = await learner.step(call({ wants: ['losses-after'] }));
    expect(first.losses.every(({ after }) => after === undefined)).toBe(true);
    const theta = theta0.map((value) => value * 0.9);
    const heads = learner.snapshot();
    const { losses } = await learner.step(call({ round: 1, theta, wants: ['losses-after'] }));
    // A step at round 0 from there has that batch, its masks, that trunk and those heads.
    const referee = await learnerOf(tasksOf());
    referee.restore(heads);
    const again = await referee.step(call({ theta }));
    expect(losses.map(({ after }) => after)).toEqual(again.losses.map(({ loss }) => loss));
  });

  test('need nothing remembered: a learner that is restored gives the same', async () => {
    const asked = call({ round: 1, wants: ['losses-after'] });
    const one = await learnerOf(tasksOf());
    await one.step(call({ wants: ['losses-after'] }));
    const fresh = await learnerOf(tasksOf());
    fresh.restore(one.snapshot());
    expect((await fresh.step(asked)).losses).toEqual((await one.step(asked)).losses);
  });

  test('are means over the round’s batches where it had several', async () => {
    const wanted = { local: local({ steps: 2 }), wants: ['losses-after'] } as const;
    const learner = await learnerOf([binaryTask(mixedSource(100, 6))]);
    await learner.step(call({ round: 2, ...wanted }));
    const heads = learner.snapshot();
    const [found] = (await learner.step(call({ round: 3, ...wanted }))).losses;
    const referee = await learnerOf([binaryTask(mixedSource(100, 6))]);
    const single: number[] = [];
    for (const round of [4, 5]) {
      referee.restore(heads);
      single.push((await referee.step(call({ round }))).losses[0]!.loss);
    }
    expect(found!.after).toBe((single[0]! + single[1]!) / 2);
  });

  test('are not known of heads that only just warmed up', async () => {
    const learner = await learnerOf(tasksOf());
    const { losses } = await learner.step(call({ round: 5, warmup: 2, wants: ['losses-after'] }));
    expect(losses.every(({ after }) => after === undefined)).toBe(true);
  });
});
