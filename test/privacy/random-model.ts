import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomStream, type Random } from '@trunkline/model/random';
import { writeNpy } from '../leaderboard/build/npy.ts';
import type { Canaries } from './secret.ts';

/** How a run ends, beside in good order. */
export const ENDINGS = ['whole', 'no finite loss', 'refused', 'crash', 'revoked', 'bad label'] as const;
export type Ending = (typeof ENDINGS)[number];

const ROWS = { train: 8, val: 4, test: 4 };
const ACTIVATIONS = ['tanh', 'relu', 'sigmoid', 'linear', 'elu'];
const OPTIMIZERS = [
  'sgd: { learningRate: 0.05 }',
  'momentum: { learningRate: 0.03 }',
  'adam: { learningRate: 0.01 }',
  'adagrad: { learningRate: 0.02 }',
];
const MODES = ['sync: {}', 'local: { steps: 2 }', 'buffered: { size: 1 }', 'sync: { onMissing: proceed }'];
/** More than ten rounds running without a finite loss end a run. */
const ROUNDS: Partial<Record<Ending, number>> = { 'no finite loss': 14 };
/** Squared, no float32 any more. */
const BOUNDLESS = 3e30;

const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)]!;
const dense = (random: Random, units: number): string =>
  `{ dense: { units: ${units}, activation: ${pick(random, ACTIVATIONS)} } }`;

/**
 * Writes the run of a seed: one or two clients with random widths, activations, optimizers, heads and adapters, in a random mode, on data in
 * which every value is one of its kind.
 * @returns the run file, and what must stay with the clients
 */
export function writeRandomModel(folder: string, seed: number, ending: Ending): { file: string; canaries: Canaries[] } {
  mkdirSync(folder, { recursive: true });
  const random = randomStream(seed, 'random model');
  const width = 2 + random.below(4);
  const layers = Array.from({ length: 1 + random.below(2) }, () => dense(random, 2 + random.below(5)));
  const canaries: Canaries[] = [];
  const clients = Array.from({ length: 1 + random.below(2) }, (_, place) => {
    const name = `client-${place}`;
    const inputs = random.uniform() < 0.5 ? width : 2 + random.below(4);
    const adapter = inputs === width && random.uniform() < 0.5 ? '' : `\n  adapter: [${dense(random, width)}]`;
    // A label that has no float32 square is one of numbers.
    const numbers = ending === 'no finite loss' || random.uniform() < 0.5;
    const words = [`Kanarienvogel-${seed}-${place}`, `Wellensittich-${seed}-${place}`];
    for (const [split, rows] of Object.entries(ROWS)) {
      // Below −1/2: no byte of text can be taken for one.
      const draw = (count: number) => Float32Array.from({ length: count }, () => -0.5 - random.uniform() / 2);
      const [data, labels] = [draw(rows * inputs), draw(rows)];
      writeNpy(join(folder, `${name}-${split}.npy`), [rows, inputs], data);
      const scale = ending === 'no finite loss' ? BOUNDLESS : 1;
      const targets = numbers
        ? labels.map((label) => label * scale)
        : Float32Array.from({ length: rows }, (_, row) => row % 2);
      if (ending === 'bad label' && split === 'train') targets[0] = numbers ? Infinity : 7;
      writeNpy(join(folder, `${name}-${split}-labels.npy`), numbers ? [rows, 1] : [rows], targets);
      canaries.push({ name: `${name} ${split} rows`, numbers: data, alone: false });
      if (numbers) canaries.push({ name: `${name} ${split} labels`, numbers: targets, alone: false });
    }
    canaries.push({ name: `${name} classes`, texts: words });
    const hidden = random.uniform() < 0.5 ? '[]' : '[3]';
    const head = numbers
      ? `regress: { outputs: 1 }`
      : `classify: { classes: [${words.join(', ')}], hidden: ${hidden} }`;
    const text = `client: ${name}
data:
  npy: { inputs: '${name}-{split}.npy', targets: { label: '${name}-{split}-labels.npy' } }${adapter}
  batchSize: 4
tasks:
  - id: task-${place}
    head: { ${head} }
    optimizer: { ${pick(random, OPTIMIZERS)} }
`;
    writeFileSync(join(folder, `${name}.yaml`), text);
    return name;
  });
  const rules = `run: random-${seed}
seed: ${seed}
trunk:
  input: [${width}]
  layers: [${layers.join(', ')}]
optimizer: { ${pick(random, OPTIMIZERS)} }
mode: { ${pick(random, MODES)} }
exchange: ${pick(random, ['sum', 'rows'])}
rounds: ${ROUNDS[ending] ?? 4}
evaluateEvery: 2
probeEvery: 2
checkpointEvery: 1
${ending === 'refused' ? 'maxNorm: 1e-9\n' : ''}expect: [${clients.map((_, place) => `task-${place}`).join(', ')}]
clients: [${clients.map((name) => `${name}.yaml`).join(', ')}]
`;
  const file = join(folder, 'run.yaml');
  writeFileSync(file, rules);
  return { file, canaries };
}
