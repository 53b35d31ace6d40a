import { join } from 'node:path';
import { randomStream } from '@trunkline/model/random';
import { writeNpy } from './npy.ts';
import { overlay, plain, readItems, SIDE, type Overlaid } from './overlay.ts';
import { TEN_CLASSES, writeImageClient, writeImageRun } from './run-files.ts';

const SEED = 0;
const CLIENTS = 8;
const VALIDATION = 500;
const TEST = 3000;

/**
 * Eight clients with images of two overlaid pieces of clothing of their own and the class of the left one, each under its own
 * permutation of the ten numbers: only a trunk can carry anything from one to the other. Validation and test images are the same for all.
 * `plain`: one piece an image.
 */
export function buildPermuted(
  folder: string,
  data: string,
  form: { images: number; rounds: number; plain?: boolean },
): void {
  const train = readItems(data, 'fashion-mnist', 'train');
  const test = readItems(data, 'fashion-mnist', 't10k');
  const order = randomStream(SEED, 'items', 'train').permutation(train.labels.length);
  const testOrder = randomStream(SEED, 'items', 'test').permutation(test.labels.length);
  const make = form.plain ? plain : overlay;
  const shared = {
    validation: make(train, order.slice(-VALIDATION), randomStream(SEED, 'overlay', 'validation')),
    test: make(test, testOrder.slice(0, TEST), randomStream(SEED, 'overlay', 'test')),
  };
  for (const [split, made] of Object.entries(shared)) writeImages(join(folder, `${split}-images.npy`), made);
  const clients = Array.from({ length: CLIENTS }, (_, c) => `client-${c}`);
  for (const [c, client] of clients.entries()) {
    const numbering = randomStream(SEED, 'numbering', c).permutation(10);
    const items = order.slice(c * form.images, (c + 1) * form.images);
    const own = make(train, items, randomStream(SEED, 'overlay', client));
    writeImages(join(folder, `${client}-images.npy`), own);
    for (const [split, { left, count }] of Object.entries({ train: own, ...shared })) {
      const labels = Uint8Array.from(left, (label) => numbering[label]!);
      writeNpy(join(folder, `${client}-${split}.npy`), [count], labels);
    }
    writeImageClient(folder, client, { batchSize: 32, head: TEN_CLASSES, metrics: ['accuracy'], train: client });
  }
  writeImageRun(folder, form.plain ? 'permuted-plain' : `permuted-${form.images}`, form.rounds, clients);
}

export const writeImages = (file: string, { count, images }: Overlaid): void =>
  writeNpy(file, [count, SIDE, SIDE], images);
