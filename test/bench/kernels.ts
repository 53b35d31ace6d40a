import { kernels as chosen, plain, type Int8Vector, type Kernels } from '@trunkline/model/kernel';
import { strategies, type WeighingStrategy } from '@trunkline/model/aggregation';
import { randomStream } from '@trunkline/model/random';
import { measured, median, type Benchmark, type Claim } from './benchmark.ts';

const LENGTH = 10_000_000;
const CYCLES = 7;
/** Until both WebAssembly and JavaScript are compiled for speed. */
const WARM_UP = 4;

/**
 * Milliseconds of one core (processor time, so that other work on the machine counts less) of `run`, and of a copy of as many bytes as one vector right
 * before and after it: the machine's rate at that moment.
 */
interface Pair {
  readonly ours: number;
  readonly copy: number;
}

function stopwatch(length: number): (run: () => unknown) => Pair {
  const [from, to] = [Buffer.alloc(length * 4, 1), Buffer.alloc(length * 4, 2)];
  const timed = (run: () => unknown) => {
    const begun = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1000;
  };
  const copy = () => timed(() => from.copy(to));
  return (run) => {
    const before = copy();
    const ours = timed(run);
    return { ours, copy: (before + copy()) / 2 };
  };
}

/** The first cycles of each are left out; the others alternate, so that a busy moment falls on all. */
function cycles(runs: Readonly<Record<string, () => unknown>>, length: number): Record<string, Pair[]> {
  const watch = stopwatch(length);
  const pairs: Record<string, Pair[]> = {};
  for (let cycle = 0; cycle < WARM_UP + CYCLES; cycle++) {
    for (const [name, run] of Object.entries(runs)) {
      const pair = watch(run);
      if (cycle >= WARM_UP) (pairs[name] ??= []).push(pair);
    }
  }
  return pairs;
}

/** Bytes read and written, of a kernel over vectors of LENGTH float32, against the two vectors of a copy. */
const rate = (pairs: readonly Pair[], vectors: number) =>
  median(pairs.map(({ ours, copy }) => ((vectors / ours) * copy) / 2));
const time = (pairs: readonly Pair[]) => median(pairs.map(({ ours, copy }) => ours / copy));
const ms = (pairs: readonly Pair[]) => median(pairs.map(({ ours }) => ours));
const copyMs = (pairs: readonly Pair[]) => median(pairs.map(({ copy }) => copy));

/** `ratio` is the median of the cycles' own ratios, so that `ours` is told as that ratio of the baseline. */
const claim = (id: string, what: string, ratio: number, rest: Pick<Claim, 'baseline' | 'unit' | 'goal' | 'better'>) =>
  measured({ id, what, ours: ratio * rest.baseline, ...rest });

/** Rows in the kernels' memory, filled from one block of noise: which numbers they are does not change the time. */
function rowsOf(kernels: Kernels, count: number, length: number) {
  const room = kernels.room((count + 1) * (length * 4 + 8192));
  const random = randomStream(16, 'bench', 'kernels');
  const noise = Float32Array.from({ length: 65_536 }, () => random.normal());
  const rows = Array.from({ length: count }, (_, k) => {
    const row = room.float32(length);
    for (let at = 0; at < length; at += noise.length) {
      row.set(noise.subarray(0, Math.min(noise.length, length - at)), at);
    }
    row[k] = 2;
    return row;
  });
  return { rows, into: room.float32(length) };
}

const GBS = (bytes: number, milliseconds: number) => bytes / milliseconds / 1e6;

export const sumsBenchmark: Benchmark = {
  name: 'sums',
  group: 'kernels',
  ids: ['A1', 'A4', 'A5', 'A6', 'A10'],
  summary:
    'Weighted mean, Gramian, median of 8 rows of 10,000,000 values, against Buffer.copy of one; other numbers of rows beside them.',
  async measure() {
    const kernels = chosen();
    const { rows, into } = rowsOf(kernels, 8, LENGTH);
    const weights = rows.map((_, k) => (k + 1) / 36);
    const thirds = { rows: rows.slice(0, 2), weights: weights.slice(0, 2) };
    const many = rowsOf(kernels, 64, LENGTH / 8);
    const odd = rowsOf(kernels, 13, LENGTH / 2 + 3);
    const solve = (name: string) => {
      const strategy = strategies[name] as WeighingStrategy;
      const tasks = rows.map((_, k) => `task-${k}`);
      const weigher = strategy.create();
      const state = weigher.init(tasks);
      const losses = new Float64Array(rows.length).fill(1);
      return () => {
        const random = randomStream(1, 'strategy', 0);
        const gramian = kernels.gramian(rows);
        const input = { tasks, gramian, rows: undefined, losses, round: 0, random };
        kernels.weightedSum(rows, weigher.weigh(input, state).weights, into);
      };
    };
    const pairs = cycles(
      {
        mean: () => kernels.weightedSum(rows, weights, into),
        two: () => kernels.weightedSum(thirds.rows, thirds.weights, into),
        odd: () =>
          kernels.weightedSum(
            odd.rows,
            odd.rows.map(() => 0.1),
            odd.into,
          ),
        many: () =>
          kernels.weightedSum(
            many.rows,
            many.rows.map(() => 0.1),
            many.into,
          ),
        gramian: () => kernels.gramian(rows),
        ...Object.fromEntries(['pcgrad', 'mgda', 'cagrad', 'upgrad'].map((name) => [name, solve(name)])),
        medians: () => kernels.medians(rows),
      },
      LENGTH,
    );
    const of = (name: string) => pairs[name]!;
    const copyRate = GBS(LENGTH * 8, copyMs(of('mean')));
    const rates = { baseline: copyRate, unit: 'GB/s', better: 'higher' } as const;
    const meanRate = rate(of('mean'), 9);
    const meanMs = ms(of('mean'));
    const against = { baseline: meanMs, unit: 'ms', goal: 4, better: 'lower' } as const;
    return [
      claim('A1', 'weighted mean, K = 8 × 10 M, against Buffer.copy', meanRate, { ...rates, goal: 1.25 }),
      ...(
        [
          ['K = 2', 'two', 3],
          ['K = 13, odd length', 'odd', 7],
          ['K = 64', 'many', 65 / 8],
        ] as const
      ).map(([what, name, vectors]) =>
        claim(`A4-${name}`, `weighted mean, ${what}, against K = 8`, rate(of(name), vectors) / meanRate, {
          ...rates,
          baseline: meanRate * copyRate,
          goal: 0.85,
        }),
      ),
      claim('A5', 'Gramian, K = 8 × 10 M, against Buffer.copy', rate(of('gramian'), 8), { ...rates, goal: 0.45 }),
      ...['pcgrad', 'mgda', 'cagrad', 'upgrad'].map((name) =>
        claim(`A6-${name}`, `${name}: Gramian, solve, sum, against the weighted mean`, ms(of(name)) / meanMs, against),
      ),
      claim('A10', 'median of each column, against the weighted mean', ms(of('medians')) / meanMs, against),
    ];
  },
};

/** What one cycle of a codec does, against the copy of its vector. */
export const codecsBenchmark: Benchmark = {
  name: 'codecs',
  group: 'kernels',
  ids: ['A9'],
  summary:
    'Number formats of 10,000,000 values, against Buffer.copy of them; in TypeScript, a tenth of them, beside it.',
  async measure(say) {
    const pairs = cycles(codecRuns(chosen(), LENGTH), LENGTH);
    const slow = cycles(codecRuns(plain, LENGTH / 10), LENGTH / 10);
    const goals = {
      ...{ 'int8 encode': 1.5, 'int8 decode': 0.8, 'float16 encode': 2, 'float16 decode': 1.5, 'top 1 %': 3 },
      ...{ 'delta encode': 4, 'delta decode': 4 },
    };
    return Object.entries(goals).map(([name, goal]) => {
      say(`${name}: ${time(slow[name]!).toFixed(1)} copies in TypeScript`);
      const baseline = copyMs(pairs[name]!);
      return claim(
        `A9-${name.replace(/[ %]+/g, '-').replace(/-$/, '')}`,
        `${name}, 10 M values, against Buffer.copy`,
        time(pairs[name]!),
        {
          baseline,
          unit: 'ms',
          goal,
          better: 'lower',
        },
      );
    });
  },
};

function codecRuns(kernels: Kernels, length: number): Record<string, () => unknown> {
  const chunk = 1024;
  const room = kernels.room(length * 19 + 98_304);
  const random = randomStream(17, 'bench', 'codecs');
  const values = room.float32(length);
  for (let i = 0; i < length; i++) values[i] = random.uniform() + random.uniform() + random.uniform() - 1.5;
  const [residual, into] = [room.float32(length), room.float32(length)];
  // A trunk and the one before it: a step of Adam leaves the upper ten bits of most values as they are.
  const before = room.float32(length);
  for (let i = 0; i < length; i++) before[i] = values[i]! * (1 + 1e-3 * (random.uniform() - 0.5));
  const told = new Uint8Array(length * 4);
  const half = room.uint16(length);
  const coded: Int8Vector = {
    codes: room.int8(length),
    scales: new Float32Array(Math.ceil(length / chunk)),
    chunk,
  };
  let bytes = 0;
  return {
    'int8 encode': () => kernels.encodeInt8(values, residual, coded),
    'int8 decode': () => kernels.decodeInt8(coded, into),
    'float16 encode': () => kernels.encodeFloat16(values, half),
    'float16 decode': () => kernels.decodeFloat16(half, into),
    'top 1 %': () => kernels.largest(values, length / 100),
    'delta encode': () => (bytes = kernels.encodeDelta(before, values, told)!),
    'delta decode': () => kernels.decodeDelta(before, told.subarray(0, bytes), into),
  };
}
