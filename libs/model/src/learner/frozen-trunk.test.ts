import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBackend } from '../backend.ts';
import type { Tf } from '../layer/layer.ts';
import { createLearner, type StepCall } from '../learner.ts';
import { adam, binaryTask, classTask, dense, mixedSource, theta0, trunk } from './test-tasks.ts';

let tf: Tf;
let before = 0;
beforeAll(async () => {
  ({ tf } = await openBackend({ device: 'cpu', threads: 1 }));
  before = tf.memory().numTensors;
});
afterAll(() => expect(tf.memory().numTensors).toBe(before));

const source = mixedSource(60, 6);
const tasks = [
  binaryTask(source, { sourceAdapter: [dense(6)], optimizer: adam(0.02) }),
  classTask(source, { sourceAdapter: [dense(6)], ownAdapter: [dense(6)] }),
];
const open = (frozenTrunk: boolean) =>
  createLearner({ tf, trunk, tasks, seed: 1, client: 'a', weightHeads: true, frozenTrunk });
const call = (round: number, more: Partial<StepCall> = {}): StepCall => ({
  ...{ round, theta: theta0, lambda: {}, exchange: 'sum', probe: false },
  ...more,
});

test('heads and adapters over a frozen trunk step as they do where it is differentiated and kept, and no gradient is made', async () => {
  const [frozen, free] = [await open(true), await open(false)];
  const initial = frozen.digests();
  for (let round = 0; round < 20; round++) {
    const { gradients, losses } = await frozen.step(call(round));
    expect(gradients).toEqual([]);
    expect(losses).toEqual((await free.step(call(round))).losses);
  }
  expect(frozen.digests()).toEqual(free.digests());
  for (const [name, digest] of Object.entries(initial)) expect(frozen.digests()[name]).not.toBe(digest);
  await expect(frozen.step(call(20, { exchange: 'rows' }))).rejects.toThrow('frozen');
  frozen.dispose();
  free.dispose();
});
