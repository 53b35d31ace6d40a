import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeNpy } from '../leaderboard/build/npy.ts';
import { ROOT } from '../simulate/child.ts';

const FASHION = join(ROOT, 'libs/model/src/data/fixtures/fashion.npz');

/** What differs from a run that is in order: text of one of its files → what stands there instead. */
export type Changes = Readonly<Record<string, readonly [from: string, to: string]>>;

const ROWS = { train: 24, val: 8, test: 8 };

const run = `run: small
trunk:
  input: [4]
  layers:
    - dense: { units: 8, activation: relu }
optimizer: { adam: { learningRate: 0.01 } }
strategy: weighted-sum
rounds: 4
expect: [cats, dogs]
clients: [north.yaml, south.yaml]
`;

const client = (name: string, task: string) => `client: ${name}
data:
  npy: { inputs: 'x-{split}.npy', targets: { label: 'y-{split}.npy' } }
  batchSize: 8
tasks:
  - id: ${task}
    target: label
    head: { classify: { classes: [no, yes] } }
    optimizer: { adam: { learningRate: 0.01 } }
    metrics: [accuracy]
`;

/** The data of the run; what a case spoils. */
export interface Arrays {
  /** [rows, 4]. */
  readonly inputs: Float32Array;
  /** 0 or 1. */
  readonly labels: Float32Array;
}

/**
 * Writes a run of two clients, north with the task cats and south with the task dogs, that trains in a moment.
 * @param spoil changes the arrays of a split in place
 * @returns the run file
 */
export function writeSmallRun(
  folder: string,
  {
    changes = {},
    spoil = () => undefined,
  }: { changes?: Changes; spoil?: (arrays: Arrays, split: string) => void } = {},
): string {
  mkdirSync(folder, { recursive: true });
  const files = { 'run.yaml': run, 'north.yaml': client('north', 'cats'), 'south.yaml': client('south', 'dogs') };
  // Beside the files that name it: where this clone lies must not show in a line and column.
  copyFileSync(FASHION, join(folder, 'fashion.npz'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), changed(text, changes[name]));
  for (const [split, rows] of Object.entries(ROWS)) {
    const inputs = Float32Array.from({ length: rows * 4 }, (_, i) => Math.sin(i * 1.7));
    const labels = Float32Array.from({ length: rows }, (_, row) => (inputs[row * 4]! > 0 ? 1 : 0));
    spoil({ inputs, labels }, split);
    writeNpy(join(folder, `x-${split}.npy`), [rows, 4], inputs);
    writeNpy(join(folder, `y-${split}.npy`), [rows], labels);
  }
  return join(folder, 'run.yaml');
}

function changed(text: string, change: readonly [string, string] | undefined): string {
  if (!change) return text;
  if (!text.includes(change[0])) throw new Error(`the small run does not hold: ${change[0]}`);
  return text.replace(change[0], () => change[1]);
}
