import { join } from 'node:path';
import { randomStream } from '@trunkline/model/random';
import { writeNpy } from './npy.ts';
import { overlay, readItems, type Overlaid } from './overlay.ts';
import { writeImages } from './permuted.ts';
import { TEN_CLASSES, writeImageClient, writeImageRun } from './run-files.ts';

const SEED = 0;
const IMAGES = 1000;
const VALIDATION = 500;
const TEST = 3000;

const CLIENTS = [
  { client: 'left', head: TEN_CLASSES, metrics: ['accuracy'] },
  { client: 'right', head: TEN_CLASSES, metrics: ['accuracy'] },
  { client: 'box', head: { regress: { outputs: 4 } }, metrics: ['r2', 'rmse'] },
  { client: 'random', head: TEN_CLASSES, metrics: ['accuracy'] },
];

/**
 * Four clients with unlike tasks on overlaid pieces of clothing of their own: left class, right class, box of the left piece
 * (standardised), and labels drawn at random, which nobody can learn.
 */
export function buildMixed(folder: string, data: string): void {
  const train = readItems(data, 'fashion-mnist', 'train');
  const test = readItems(data, 'fashion-mnist', 't10k');
  const order = randomStream(SEED, 'items', 'train').permutation(train.labels.length);
  const testOrder = randomStream(SEED, 'items', 'test').permutation(test.labels.length);
  const shared = {
    validation: overlay(train, order.slice(-VALIDATION), randomStream(SEED, 'overlay', 'validation')),
    test: overlay(test, testOrder.slice(0, TEST), randomStream(SEED, 'overlay', 'test')),
  };
  for (const [split, made] of Object.entries(shared)) writeImages(join(folder, `${split}-images.npy`), made);
  for (const [c, { client, head, metrics }] of CLIENTS.entries()) {
    const own = overlay(train, order.slice(c * IMAGES, (c + 1) * IMAGES), randomStream(SEED, 'overlay', client));
    writeImages(join(folder, `${client}-images.npy`), own);
    const standard = standardOf(own);
    for (const [split, made] of Object.entries({ train: own, ...shared })) {
      const file = join(folder, `${client}-${split}.npy`);
      if (client === 'box') writeNpy(file, [made.count, 4], made.boxes.map(standard));
      else writeNpy(file, [made.count], labelsFor(client, split, made));
    }
    writeImageClient(folder, client, { batchSize: 64, head, metrics, train: client });
  }
  writeImageRun(
    folder,
    'mixed',
    400,
    CLIENTS.map(({ client }) => client),
  );
}

function labelsFor(client: string, split: string, { count, left, right }: Overlaid): Uint8Array {
  if (client === 'left') return left;
  if (client === 'right') return right;
  const random = randomStream(SEED, 'random-labels', split);
  return Uint8Array.from({ length: count }, () => random.below(10));
}

/** Brings each of the four numbers to mean 0 and standard deviation 1 over the training rows. */
function standardOf({ boxes, count }: Overlaid): (value: number, at: number) => number {
  const columns = [0, 1, 2, 3].map((column) => {
    const values = Array.from({ length: count }, (_, row) => boxes[row * 4 + column]!);
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count);
    return { mean, sd };
  });
  return (value, at) => (value - columns[at % 4]!.mean) / columns[at % 4]!.sd;
}
