import { openBackend } from '@trunkline/model/backend';
import { openSource, type Source } from '@trunkline/model/data';
import { createLearner } from '@trunkline/model/learner';
import { optimizerSchema } from '@trunkline/model/optimizer';
import { buildTrunk, initialTrunk } from '@trunkline/model/trunk';

/**
 * Trains on a folder of images in a process of its own, and prints one line: seconds in steps, seconds of them spent waiting for data,
 * and the largest resident memory. Its argument: `{ folder, warmUp, steps }`.
 */
const { folder, warmUp, steps } = JSON.parse(process.argv[2]!) as { folder: string; warmUp: number; steps: number };
const CLASSES = Array.from({ length: 10 }, (_, label) => `class-${label}`);

const source = await openSource(
  {
    images: { folder, channels: 1, scale: 255, cache: 32 },
    split: { train: 0.9, validation: 0.05, test: 0.05 },
  },
  { folder, at: (path) => path.join('.') },
);
/** When the read of each round was done; rounds are read in their order. */
const arrived: number[] = [];
const watched: Source = {
  ...source,
  async read(split, rows) {
    const batch = await source.read(split, rows);
    arrived.push(performance.now());
    return batch;
  },
};
const trunk = buildTrunk(
  {
    input: [28, 28, 1],
    layers: [
      { conv2d: { filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' } },
      { maxPooling2d: { poolSize: 2 } },
      { conv2d: { filters: 32, kernelSize: 3, padding: 'same', activation: 'relu' } },
      { maxPooling2d: { poolSize: 2 } },
      { flatten: {} },
      { dense: { units: 128, activation: 'relu' } },
    ],
  },
  { at: 'trunk' },
);
const { tf } = await openBackend({ device: 'auto', threads: 1, convolutional: true });
const learner = await createLearner({
  tf,
  trunk,
  seed: 1,
  client: 'images',
  weightHeads: true,
  tasks: [
    {
      id: 'clothes',
      replica: false,
      stream: 'images',
      source: watched,
      batchSize: 64,
      sourceAdapter: [],
      ownAdapter: undefined,
      target: 'label',
      head: { classify: { classes: CLASSES, hidden: [] } },
      loss: { 'cross-entropy': { smoothing: 0 } },
      optimizer: optimizerSchema.parse({ adam: {} }),
      metrics: ['accuracy'],
      at: 'task',
    },
  ],
});
const theta = initialTrunk(trunk, 1);
let inSteps = 0;
let waiting = 0;
let resident = 0;
for (let round = 0; round < warmUp + steps; round++) {
  const begun = performance.now();
  await learner.step({ round, theta, lambda: { clothes: 1 }, exchange: 'sum', probe: false });
  resident = Math.max(resident, process.memoryUsage.rss());
  if (round < warmUp) continue;
  inSteps += performance.now() - begun;
  waiting += Math.max(0, arrived[round]! - begun);
}
const images = source.sizes.train + source.sizes.validation + source.sizes.test;
console.log(JSON.stringify({ images, seconds: inSteps / 1000, waiting: waiting / 1000, resident }));
process.exit(0);
