import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SCALE } from './overlay.ts';

/** LeNet-like trunk of the small multi-task benchmarks, 21,330 values (Sener and Koltun, NeurIPS 2018), without its dropout. */
const LENET = [
  { conv2d: { filters: 10, kernelSize: 5, activation: 'relu' } },
  { maxPooling2d: { poolSize: 2 } },
  { conv2d: { filters: 20, kernelSize: 5, activation: 'relu' } },
  { maxPooling2d: { poolSize: 2 } },
  { flatten: {} },
  { dense: { units: 50, activation: 'relu' } },
];

/** JSON is YAML: what is written needs no printer of its own. */
export const writeYaml = (folder: string, name: string, value: object): void =>
  writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);

export function writeImageRun(folder: string, run: string, rounds: number, clients: readonly string[]): void {
  writeRun(folder, { run, rounds, clients, trunk: { input: [28, 28, 1], layers: LENET } });
}

export function writeRun(
  folder: string,
  { clients, ...run }: { run: string; rounds: number; clients: readonly string[]; trunk: object },
): void {
  const files = clients.map((client) => `${client}.yaml`);
  writeYaml(folder, 'run.yaml', { ...run, optimizer: { adam: { learningRate: 0.001 } }, clients: files });
}

/** A client with one task on images, of which only the training split is its own. */
export function writeImageClient(
  folder: string,
  client: string,
  task: { batchSize: number; head: object; metrics: readonly string[]; train: string; stream?: string },
): void {
  const { batchSize, head, metrics, train, stream } = task;
  const bySplit = (name: (split: string) => string) => ({
    train: name('train'),
    validation: name('validation'),
    test: name('test'),
  });
  writeYaml(folder, `${client}.yaml`, {
    client,
    data: {
      npy: {
        inputs: bySplit((split) => `${split === 'train' ? train : split}-images.npy`),
        targets: { label: bySplit((split) => `${client}-${split}.npy`) },
        scale: SCALE,
      },
      ...(stream === undefined ? {} : { stream }),
      batchSize,
    },
    tasks: [{ id: client, head, metrics, optimizer: { adam: { learningRate: 0.001 } } }],
  });
}

/** Ten classes behind a hidden layer of 50, as in the published two-task model. */
export const TEN_CLASSES = {
  classify: { classes: Array.from({ length: 10 }, (_, i) => String(i)), hidden: [50] },
};
