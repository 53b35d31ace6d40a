import { join } from 'node:path';
import { randomStream } from '@trunkline/model/random';
import { writeNpy } from './npy.ts';
import { overlay, readItems } from './overlay.ts';
import { writeImages } from './permuted.ts';
import { TEN_CLASSES, writeImageClient, writeImageRun } from './run-files.ts';

const SEED = 0;
const TRAIN = 10_000;
const VALIDATION = 1000;

/** MultiMNIST or MultiFashion with 10,000 training images: the left and the right class are two clients' tasks on the same batches. */
export function buildPair(folder: string, data: string, name: 'mnist' | 'fashion-mnist'): void {
  const train = readItems(data, name, 'train');
  const test = readItems(data, name, 't10k');
  const order = randomStream(SEED, 'items', 'train').permutation(train.labels.length);
  const splits = {
    train: overlay(train, order.slice(0, TRAIN), randomStream(SEED, 'overlay', 'train')),
    validation: overlay(train, order.slice(-VALIDATION), randomStream(SEED, 'overlay', 'validation')),
    test: overlay(test, [...test.labels.keys()], randomStream(SEED, 'overlay', 'test')),
  };
  for (const [split, made] of Object.entries(splits)) {
    writeImages(join(folder, `${split}-images.npy`), made);
    writeNpy(join(folder, `left-${split}.npy`), [made.count], made.left);
    writeNpy(join(folder, `right-${split}.npy`), [made.count], made.right);
  }
  for (const client of ['left', 'right']) {
    const task = { batchSize: 256, head: TEN_CLASSES, metrics: ['accuracy'], train: 'train', stream: 'pair' };
    writeImageClient(folder, client, task);
  }
  writeImageRun(folder, `multi-${name.replace('-mnist', '')}`, 600, ['left', 'right']);
}
