import { bytesOf, sha256, type TaskOffer } from '@trunkline/protocol';
import type { GradientSlice, LearnedGradient, Learner, StepCall, TaskLoss } from '@trunkline/model/learner';

/** What one task has learned: a head, and the velocity of its momentum steps. */
interface Head {
  readonly weights: Float32Array;
  readonly velocity: Float32Array;
}

const WIDTH = 2;
const HEAD_RATE = 0.05;
const LOCAL_RATE = 0.02;
const DECAY = 0.9;

/**
 * The smallest thing that learns as a client does: each task has a head of two numbers that it keeps; its gradient depends on the trunk, on the
 * head and on the batch of the round, so that a step done twice, left out, or done with another round's state changes every byte after
 * it. Now and then a batch has no labelled row.
 */
export function tinyLearner({ seed, tasks }: { seed: number; tasks: readonly string[] }): Learner {
  let heads = new Map<string, Head>(
    tasks.map((task) => {
      const key = seed * 31 + numberOf(task);
      const weights = Float32Array.from({ length: WIDTH }, (_, i) => noise(key, i, 1));
      return [task, { weights, velocity: new Float32Array(WIDTH) }];
    }),
  );

  /** Loss, the trunk's gradient and the head's, for one task and batch. */
  const differentiate = (task: string, theta: Float32Array, batch: number) => {
    const { weights } = heads.get(task)!;
    const key = seed * 31 + numberOf(task);
    let guess = 0;
    const inner = new Float32Array(WIDTH);
    for (let i = 0; i < theta.length; i++) {
      const x = noise(key, batch, i + 2);
      inner[i % WIDTH]! += Math.fround(theta[i]! * x);
    }
    for (let j = 0; j < WIDTH; j++) guess = Math.fround(guess + weights[j]! * inner[j]!);
    const error = Math.fround(guess - noise(key, batch, 0));
    const trunk = Float32Array.from(theta, (_, i) => error * noise(key, batch, i + 2) * weights[i % WIDTH]!);
    const head = Float32Array.from(inner, (value) => error * value);
    return { loss: (error * error) / 2, trunk, head };
  };
  const stepHead = (task: string, gradient: Float32Array) => {
    const { weights, velocity } = heads.get(task)!;
    for (let j = 0; j < WIDTH; j++) {
      velocity[j] = DECAY * velocity[j]! + gradient[j]!;
      weights[j] = weights[j]! - HEAD_RATE * velocity[j]!;
    }
  };
  const labelledRows = (task: string, round: number): number => ((round + numberOf(task)) % 7 === 6 ? 0 : 4);

  /** The row of one round, which moves the head: a gradient, or what local steps moved a copy of the trunk by. */
  const rowOf = (task: string, { theta, round, local }: StepCall) => {
    if (!local) {
      const { loss, trunk, head } = differentiate(task, theta, round);
      stepHead(task, head);
      return { loss, row: trunk };
    }
    const copy = theta.slice();
    const row = new Float32Array(theta.length);
    let total = 0;
    for (let number = round * local.steps; number < (round + 1) * local.steps; number++) {
      const { loss, trunk, head } = differentiate(task, copy, number);
      total += loss;
      for (let i = 0; i < row.length; i++) {
        const move = Math.fround(LOCAL_RATE * trunk[i]!);
        copy[i]! -= move;
        row[i]! += move;
      }
      stepHead(task, head);
    }
    return { loss: total / local.steps, row };
  };

  return {
    async step(call) {
      const losses: TaskLoss[] = [];
      const rows: { task: string; row: Float32Array }[] = [];
      for (const task of tasks) {
        const labelled = labelledRows(task, call.round);
        const { loss, row } = labelled > 0 ? rowOf(task, call) : { loss: NaN, row: undefined };
        losses.push({ task, loss, labelled });
        if (row) rows.push({ task, row });
      }
      return { losses, gradients: gradientsOf(call, rows) };
    },
    async evaluate(theta, split) {
      return tasks.map((task) => {
        const { loss } = differentiate(task, theta, split === 'test' ? 1_000_001 : 1_000_000);
        return { task, loss, metrics: { error: loss } };
      });
    },
    snapshot: () => structuredClone(Object.fromEntries(heads)),
    restore: (tree) => void (heads = new Map(Object.entries(structuredClone(tree) as Record<string, Head>))),
    digests: () => digestsOf(Object.fromEntries(heads)),
    dispose: () => undefined,
  };
}

/** Of each head in a learner's tree, its weights alone. */
export const digestsOf = (tree: Record<string, Head>): Record<string, string> =>
  Object.fromEntries(Object.entries(tree).map(([task, { weights }]) => [`head/${task}`, sha256(bytesOf(weights))]));

export const offerOf = (task: string, input: readonly number[]): TaskOffer => ({
  id: task,
  replica: false,
  head: 'tiny',
  output: [...input],
  labelled: 4,
  metrics: [{ name: 'error', better: 'lower' }],
});

function gradientsOf(
  { exchange, probe, lambda }: StepCall,
  rows: readonly { task: string; row: Float32Array }[],
): LearnedGradient[] {
  if (exchange === 'rows') return rows.map(({ task, row }) => gradientOf('row', [task], row));
  if (rows.length === 0) return [];
  const sum = new Float32Array(rows[0]!.row.length);
  for (const { task, row } of rows)
    for (let i = 0; i < sum.length; i++) sum[i]! += Math.fround(lambda[task]! * row[i]!);
  const all = gradientOf(
    'sum',
    rows.map(({ task }) => task),
    sum,
  );
  return probe ? [all, ...rows.map(({ task, row }) => gradientOf('probe', [task], row))] : [all];
}

const gradientOf = (
  kind: LearnedGradient['kind'],
  tasks: readonly string[],
  values: Float32Array,
): LearnedGradient => ({ kind, tasks, slices: slicesOf(values) });

/** In two parts: whoever reads them must not count on one. */
async function* slicesOf(values: Float32Array): AsyncGenerator<GradientSlice> {
  const half = values.length >> 1;
  yield { offset: 0, values: values.slice(0, half) };
  yield { offset: half, values: values.slice(half) };
}

const numberOf = (task: string): number => [...task].reduce((sum, letter) => sum * 7 + letter.charCodeAt(0), 0) % 1009;

/** A number in [−1, 1) of its own for each (a, b, c): Mulberry32 (Ettinger 2017) over a mix of the three. */
function noise(a: number, b: number, c: number): number {
  let t = (Math.imul(a, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca6b) ^ Math.imul(c + 1, 0xc2b2ae35)) + 0x6d2b79f5;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return Math.fround(((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1);
}
