import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openBackend } from '../backend.ts';
import type { Tf } from '../layer/layer.ts';
import { createLearner, type Learner, type LocalCall, type StepCall, type StepResult } from '../learner.ts';
import type { TaskPlan } from '../task.ts';
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

async function learnerOf(tasks: TaskPlan[]): Promise<Learner> {
  const learner = await createLearner({ tf, trunk, tasks, seed: 1, client: 'client', weightHeads: true });
  open.push(learner);
  return learner;
}
const tasksOf = (source = mixedSource(100, 6)) => [binaryTask(source), classTask(source), valueTask(source)];
const local = (change: Partial<LocalCall> = {}): LocalCall => ({
  steps: 3,
  optimizer: sgd(0.1),
  proximal: 0,
  scaffold: false,
  ...change,
});
const call = (change: Partial<StepCall> = {}): StepCall => ({
  round: 0,
  theta: theta0,
  lambda: { binary: 0.5, class: 2 },
  exchange: 'rows',
  probe: false,
  ...change,
});
async function rowsOf({ gradients }: StepResult): Promise<Record<string, Float32Array>> {
  const rows: Record<string, Float32Array> = {};
  for (const { kind, tasks, slices } of gradients)
    for await (const { values } of slices) rows[`${kind} ${tasks.join('+')}`] = values;
  return rows;
}

describe('a round of local steps', () => {
  test('of one step of sgd(1) is the round of sync: rows, losses, heads and adapters, bit for bit', async () => {
    const exact = await learnerOf(tasksOf());
    const stepped = await learnerOf(tasksOf());
    for (let round = 0; round < 4; round++) {
      const one = await exact.step(call({ round }));
      const other = await stepped.step(call({ round, local: local({ steps: 1, optimizer: sgd(1) }) }));
      expect(other.losses).toEqual(one.losses);
      expect(await rowsOf(other)).toEqual(await rowsOf(one));
    }
    expect(stepped.digests()).toEqual(exact.digests());
  });

  test('takes each task from θ, so that another task beside it changes no row of its own', async () => {
    const source = mixedSource(100, 6);
    const together = await learnerOf([binaryTask(source), classTask(source)]);
    const single = await learnerOf([binaryTask(source)]);
    const both = await rowsOf(await together.step(call({ local: local() })));
    const one = await rowsOf(await single.step(call({ local: local() })));
    expect(both['row binary']).toEqual(one['row binary']);
  });

  test('uses the batches r·H … r·H+H−1: two rounds of two steps walk over those of four single ones', async () => {
    const two = await learnerOf([binaryTask(mixedSource(100, 6))]);
    const four = await learnerOf([binaryTask(mixedSource(100, 6))]);
    // With a step length of next to nothing the trunk stands still, and the losses are those of the batches.
    const still = sgd(1e-30);
    const losses: number[] = [];
    for (let round = 0; round < 4; round++)
      losses.push((await four.step(call({ round, local: local({ steps: 1, optimizer: still }) }))).losses[0]!.loss);
    for (let round = 0; round < 2; round++) {
      const [found] = (await two.step(call({ round, local: local({ steps: 2, optimizer: still }) }))).losses;
      expect(found!.loss).toBe((losses[2 * round]! + losses[2 * round + 1]!) / 2);
    }
  });

  test('steps a shared adapter once a local step, along Σ λ of its tasks’ gradients', async () => {
    const source = mixedSource(100, 6);
    const shared = { sourceAdapter: [dense(6)] } as Partial<TaskPlan>;
    const exact = await learnerOf([binaryTask(source, shared), classTask(source, shared)]);
    const stepped = await learnerOf([binaryTask(source, shared), classTask(source, shared)]);
    await exact.step(call());
    await stepped.step(call({ local: local({ steps: 1 }) }));
    expect(stepped.digests()).toEqual(exact.digests());
    expect(Object.keys(stepped.digests()).filter((key) => key.startsWith('adapter/'))).toHaveLength(1);
  });

  test('sends Σ λ scale row where sums are exchanged, and its rows beside it as a probe', async () => {
    const scale = { binary: 1.5, class: 0.5, values: 1 };
    const sums = await learnerOf(tasksOf());
    const rows = await learnerOf(tasksOf());
    const found = await rowsOf(await sums.step(call({ exchange: 'sum', probe: true, local: local({ scale }) })));
    const single = await rowsOf(await rows.step(call({ local: local() })));
    for (const id of ['binary', 'class', 'values']) expect(found[`probe ${id}`]).toEqual(single[`row ${id}`]);
    const sum = found['sum binary+class+values']!;
    for (const [i, value] of sum.entries()) {
      const expected =
        0.5 * 1.5 * single['row binary']![i]! + 2 * 0.5 * single['row class']![i]! + single['row values']![i]!;
      expect(value).toBe(Math.fround(expected));
    }
  });

  test('sends no row of a task whose loss is not finite, and says so', async () => {
    const learner = await learnerOf(tasksOf());
    const theta = theta0.map(() => NaN);
    const { losses, gradients } = await learner.step(call({ theta, local: local() }));
    expect(losses.every(({ loss, labelled }) => Number.isNaN(loss) && labelled > 0)).toBe(true);
    expect(gradients).toEqual([]);
  });

  test('keeps SCAFFOLD’s control variates in the snapshot: restored, the next round is the same', async () => {
    const rules = local({ scaffold: true, control: null });
    const learner = await learnerOf(tasksOf());
    await learner.step(call({ local: rules }));
    const saved = learner.snapshot();
    const control = theta0.map((value) => value / 10);
    const next = call({ round: 1, local: { ...rules, control } });
    const first = await rowsOf(await learner.step(next));
    learner.restore(saved);
    expect(await rowsOf(await learner.step(next))).toEqual(first);
    // Without what it remembers the round would be another.
    const forgetful = await learnerOf(tasksOf());
    await forgetful.step(call({ local: local() }));
    expect(await rowsOf(await forgetful.step(next))).not.toEqual(first);
  });
});

describe('a warm-up', () => {
  test('trains heads on the trunk as it is and sends nothing of it', async () => {
    const learner = await learnerOf([binaryTask(mixedSource(100, 6))]);
    const cold = learner.digests();
    const warm = await learner.step(call({ round: 5, warmup: 4 }));
    expect(warm.gradients).toHaveLength(1);
    // The same as four rounds whose answers nobody used, then the round itself.
    const reference = await learnerOf([binaryTask(mixedSource(100, 6))]);
    for (let round = 1; round < 5; round++) await reference.step(call({ round }));
    const last = await reference.step(call({ round: 5 }));
    expect(await rowsOf(warm)).toEqual(await rowsOf(last));
    expect(learner.digests()).toEqual(reference.digests());
    expect(learner.digests()).not.toEqual(cold);
  });
});
