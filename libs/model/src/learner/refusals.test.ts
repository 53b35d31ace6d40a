import * as tf from '@tensorflow/tfjs';
import { toTrunklineError } from '@trunkline/protocol';
import { beforeAll, expect, test } from 'vitest';
import { createLearner, describeTask } from '../learner.ts';
import type { TaskPlan } from '../task.ts';
import { arraySource, binaryTask, classTask, dense, mixedSource, numbers, trunk, valueTask } from './test-tasks.ts';

beforeAll(() => tf.setBackend('cpu'));

async function refusal(...tasks: TaskPlan[]): Promise<string> {
  const before = tf.memory().numTensors;
  try {
    await createLearner({ tf, trunk, tasks, seed: 1, client: 'client', weightHeads: true });
  } catch (thrown) {
    expect(tf.memory().numTensors).toBe(before);
    const { code, message } = toTrunklineError(thrown);
    return `${code}: ${message}`;
  }
  throw new Error('Nothing was refused.');
}

const source = mixedSource(20, 6);

test('what cannot be learned is refused before the first tensor, by file, row and value', async () => {
  const [wide] = [mixedSource(20, 9)];
  expect(await refusal(binaryTask(source), classTask(source, { batchSize: 8 }))).toBe(
    'BATCH_SIZE_DIFFERS: client.yaml:3:5: tasks binary, class share one source but ask for batch sizes 16, 8.',
  );
  expect(await refusal(binaryTask(source, { target: 'sick' }))).toBe(
    'TARGET_UNKNOWN: client.yaml:3:5: task binary names the target `sick`, which its source does not give.',
  );
  expect(await refusal(binaryTask(wide))).toBe(
    'TRUNK_INPUT: client.yaml:3:5: task binary: its adapter gives shape [9], the trunk takes [6].',
  );
  expect(await refusal(binaryTask(wide, { sourceAdapter: [dense(6)], ownAdapter: [dense(5)] }))).toContain(
    'TRUNK_INPUT',
  );
  const inputs = new Float32Array(24);
  expect(await refusal(binaryTask(arraySource([6], inputs, { positive: numbers([-1, NaN, -1, NaN]) })))).toBe(
    'DATA_NO_LABELS: client.yaml:3:5: task binary has no labelled row in its train split.',
  );
  const test = arraySource([6], inputs, { positive: numbers([0, 1, 1, 0]) });
  const wrong = { ...test, column: async (split: string) => numbers(split === 'test' ? [0, 1, 3, 0] : [0, 1, 1, 0]) };
  const placed = { ...wrong, place: (split: string, row: number) => `${row} of ${split} (line ${row + 2})` };
  expect(await refusal(binaryTask(placed))).toBe(
    'DATA_LABEL_RANGE: arrays.npz: `positive` row 2 of test (line 4): label 3 is not one of the classes 0, 1.',
  );
});

test('an offer says head, adapter output, labelled training rows and metrics, nothing else of the data', async () => {
  const labels = numbers([0, NaN, 1, 1, NaN, NaN, -1, 2], [2]);
  const partly = arraySource([4], new Float32Array(16), { values: labels });
  const plan = valueTask(partly, { id: 'box', replica: true, ownAdapter: [dense(6)], metrics: ['rmse', 'r2'] });
  expect(await describeTask(plan, trunk)).toEqual({
    id: 'box',
    replica: true,
    head: 'regress',
    output: [6],
    labelled: 3,
    metrics: [
      { name: 'rmse', better: 'lower' },
      { name: 'r2', better: 'higher' },
    ],
  });
});
