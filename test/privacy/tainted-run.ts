import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomStream } from '@trunkline/model/random';
import { writeNpy } from '../leaderboard/build/npy.ts';
import type { Canaries } from './secret.ts';

const ROWS = { train: 12, val: 6, test: 6 };
const INPUTS = 5;
/** What the inputs of the arrays are divided by: both the values of the file and the divided ones are secrets. */
const SCALE = 3;
const CLASSES = ['Fluorospar-Kanarienvogel', 'Quetzalcoatlus-Wellensittich'];

/** Rates so small that they leave heads and adapters as they are, bit for bit: 0 itself is refused. */
const STILL = 'sgd: { learningRate: 1e-300 }';

const run = `run: tainted
seed: 7
trunk:
  input: [4]
  layers:
    - dense: { units: 6, activation: tanh }
optimizer: { sgd: { learningRate: 0.02 } }
rounds: 6
evaluateEvery: 3
probeEvery: 2
checkpointEvery: 1
expect: [species, mass, temper]
clients: [aviary.yaml, field.yaml]
`;

const aviary = (optimizer: string) => `client: aviary
data:
  npy: { inputs: 'Nistkasten-{split}.npy', targets: { Vogelart: 'Vogelart-{split}.npy', Gramm: 'Gramm-{split}.npy' }, scale: ${SCALE} }
  adapter: [{ dense: { units: 4, activation: tanh } }]
  batchSize: 4
tasks:
  - id: species
    target: Vogelart
    head: { classify: { classes: [${CLASSES.join(', ')}], hidden: [3] } }
    optimizer: { ${optimizer} }
  - id: mass
    target: Gramm
    head: { regress: { outputs: 1 } }
    optimizer: { ${optimizer} }
`;

const field = (optimizer: string) => `client: field
data:
  csv: { file: { train: Wiesenbuch-train.csv, validation: Wiesenbuch-val.csv, test: Wiesenbuch-test.csv }, targets: [Gemuet] }
  batchSize: 4
tasks:
  - id: temper
    head: { regress: { outputs: 1 } }
    adapter: [{ dense: { units: 4, activation: tanh } }]
    optimizer: { ${optimizer} }
`;

/**
 * Writes a run of two clients in which every value is one of its kind: the rows and labels of arrays and of a table, and the names that stand in
 * their files (classes, columns, targets, files).
 * @returns what must not be found outside the clients
 */
export function writeTaintedRun(folder: string, optimizer = STILL): Canaries[] {
  mkdirSync(folder, { recursive: true });
  const random = randomStream(7, 'taint');
  // Below −1/2, with the top bit set in each byte order: no byte of text can be taken for one.
  const values = (count: number) => Float32Array.from({ length: count }, () => -0.5 - random.uniform() / 2);
  const canaries: Canaries[] = [];
  for (const [split, rows] of Object.entries(ROWS)) {
    const inputs = values(rows * INPUTS);
    const mass = values(rows);
    writeNpy(join(folder, `Nistkasten-${split}.npy`), [rows, INPUTS], inputs);
    writeNpy(
      join(folder, `Vogelart-${split}.npy`),
      [rows],
      Uint8Array.from({ length: rows }, (_, row) => row % 2),
    );
    writeNpy(join(folder, `Gramm-${split}.npy`), [rows, 1], mass);
    const table = values(rows * 3);
    const lines = Array.from({ length: rows }, (_, row) => [...table.subarray(row * 3, row * 3 + 3)].join(','));
    writeFileSync(join(folder, `Wiesenbuch-${split}.csv`), ['Spannweite,Schnabel,Gemuet', ...lines, ''].join('\n'));
    canaries.push(
      { name: `${split} inputs`, numbers: inputs },
      { name: `${split} inputs, divided`, numbers: inputs.map((value) => value / SCALE) },
      { name: `${split} labels`, numbers: mass },
      { name: `${split} table`, numbers: table },
    );
  }
  const names = ['Nistkasten', 'Vogelart', 'Gramm', 'Wiesenbuch', 'Spannweite', 'Schnabel', 'Gemuet'];
  canaries.push({ name: 'names', texts: [...CLASSES, ...names] });
  const files = { 'run.yaml': run, 'aviary.yaml': aviary(optimizer), 'field.yaml': field(optimizer) };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return canaries;
}
