import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openBackend } from '../backend.ts';
import type { Tf } from '../layer/layer.ts';
import { createLearner, keepBest, type KeptState, type Learner } from '../learner.ts';
import { decodeSnapshot, encodeSnapshot } from '../store/index.ts';
import { binaryTask, mixedSource, theta0, trunk } from './test-tasks.ts';

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await openBackend({ device: 'cpu', threads: 1 }));
});

let before = 0;
const open: Learner[] = [];
beforeEach(() => void (before = tf.memory().numTensors));
afterEach(() => {
  for (const learner of open.splice(0)) learner.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

async function learnerOf(): Promise<Learner> {
  const tasks = [binaryTask(mixedSource(100, 6))];
  const learner = await createLearner({ tf, trunk, tasks, seed: 1, client: 'client', weightHeads: true });
  open.push(learner);
  return learner;
}
const round = (round: number) => ({ round, theta: theta0, lambda: {}, exchange: 'sum', probe: false }) as const;

test('a best trunk and its heads outlive the process that kept them, and are not moved by later steps', async () => {
  const learner = await learnerOf();
  const best = keepBest(learner);
  await learner.step(round(0));
  best.offer(1, theta0);
  best.confirm(1);
  const chosen = learner.digests();
  await learner.step(round(1));
  best.offer(2, theta0);
  const bytes = encodeSnapshot({ learner: learner.snapshot(), best: best.snapshot() });
  await learner.step(round(2));

  const other = await learnerOf();
  const resumed = keepBest(other);
  const saved = decodeSnapshot(bytes) as { learner: unknown; best: KeptState };
  other.restore(saved.learner);
  resumed.resume(saved.best);
  expect(other.digests()).not.toEqual(chosen);
  expect(resumed.restore(1)).toEqual(theta0);
  expect(other.digests()).toEqual(chosen);
  // What was offered last may still turn out to be the best.
  resumed.resume(saved.best);
  expect(resumed.restore(2)).toEqual(theta0);
  expect(() => resumed.restore(1)).toThrow(expect.objectContaining({ code: 'SNAPSHOT_BROKEN' }) as Error);
});
