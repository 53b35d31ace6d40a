import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBackend } from '../backend.ts';
import { augmentSchema } from '../data/augment.ts';
import type { Tf } from '../layer/layer.ts';
import { createLearner } from '../learner.ts';
import { randomStream } from '../random.ts';
import { initialTrunk, buildTrunk } from '../trunk/index.ts';
import { buildNetwork } from './build-network.ts';
import { arraySource, binaryTask, numbers } from './test-tasks.ts';

let tf: Tf;
let before = 0;
beforeAll(async () => {
  ({ tf } = await openBackend({ device: 'cpu', threads: 1 }));
  before = tf.memory().numTensors;
});
afterAll(() => expect(tf.memory().numTensors).toBe(before));

const random = randomStream(1, 'images');
const inputs = Float32Array.from({ length: 40 * 16 }, () => random.uniform());
const source = arraySource([4, 4, 1], inputs, { positive: numbers(Array.from({ length: 40 }, (_, row) => row % 2)) });
const trunk = buildTrunk({ input: [4, 4, 1], layers: [{ flatten: {} }, { dense: { units: 3 } }] }, { at: 'trunk' });
const augment = augmentSchema.parse({ flip: 'both', crop: 1, noise: 0.1 });
const options = (change: object, seed = 1) => ({
  ...{ tf, trunk, seed, client: 'a', weightHeads: true },
  tasks: [binaryTask(source, change)],
});

test('a round’s augmented batch is that round’s, in turn or out of turn, and follows the seed; other draws have their own', async () => {
  const open = async (change: object, seed?: number) => {
    const network = await buildNetwork(options(change, seed));
    const [batches] = network.sources as [(typeof network.sources)[0]];
    const close = () => {
      network.trunkWeights.dispose();
      for (const { weights } of [...network.tasks.map((task) => task.weights), ...network.adapters.values()])
        weights.dispose();
    };
    return { batches, close };
  };
  const [one, other, plain, seeded] = [
    await open({ augment }),
    await open({ augment }),
    await open({}),
    await open({ augment }, 2),
  ];
  const inTurn = [];
  for (let round = 0; round < 4; round++) inTurn.push(await one.batches.batches.take(round));
  expect(await other.batches.batches.take(3)).toEqual(inTurn[3]);
  expect(await one.batches.again(1)).toEqual(inTurn[1]);
  expect(await seeded.batches.batches.take(0)).not.toEqual(inTurn[0]);
  expect((await plain.batches.batches.take(0)).inputs).not.toEqual(inTurn[0]!.inputs);
  expect((await plain.batches.batches.take(0)).targets).toEqual(inTurn[0]!.targets);
  expect(await one.batches.extra['extra-1'].take(0)).not.toEqual(await one.batches.extra['extra-2'].take(0));
  for (const { close } of [one, other, plain, seeded]) close();
});

test('evaluations see the images as they are', async () => {
  const learners = [await createLearner(options({ augment })), await createLearner(options({}))];
  const theta = initialTrunk(trunk, 1);
  const scores = [];
  for (const learner of learners)
    scores.push(await learner.evaluate(theta, 'validation'), await learner.evaluate(theta, 'test'));
  expect(scores.slice(0, 2)).toEqual(scores.slice(2));
  for (const learner of learners) learner.dispose();
});
