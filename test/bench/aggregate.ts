import { strategies, type WeighingStrategy } from '@trunkline/model/aggregation';
import { randomStream } from '@trunkline/model/random';
import { aggregateRound, inRoom } from './aggregate-round.ts';
import { measured, median, type Benchmark, type Measured } from './benchmark.ts';

const TASKS = 16;
const LENGTH = 1_000_000;
const ROUNDS = 5;
const BOUND_MS = 25;

export const aggregateBenchmark: Benchmark = {
  name: 'aggregate',
  ids: ['A11'],
  group: 'kernels',
  summary: 'Gramian, solve and combination of 16 rows of 1,000,000 values, for each strategy that needs a Gramian.',
  measure: aggregate,
};

/**
 * Median milliseconds of one core (processor time, so that other work on the machine does not count) of Gramian, solve and combination for 16 rows
 * of 1,000,000 values, for each strategy that needs a Gramian, and the plain mean's combination beside them. `baseline` is the
 * bound, `ratio` the share of it used.
 */
async function aggregate(): Promise<Measured[]> {
  const rows = inRoom(conflictingRows());
  const members = Object.values(strategies).filter(
    (strategy): strategy is WeighingStrategy => strategy.needs === 'gramian' || strategy.name === 'mean',
  );
  return members.map((strategy) => {
    const rounds = Array.from({ length: ROUNDS + 1 }, (_, round) => aggregateRound(strategy, rows, { round }));
    return measured({
      id: `A11-${strategy.name}`,
      what: `${strategy.name}: Gramian, solve, combination, K = ${TASKS}, d = ${LENGTH}`,
      ours: median(rounds.slice(1).map(({ cpuMs }) => cpuMs)),
      baseline: BOUND_MS,
      unit: 'ms of one core',
      goal: 1,
      better: 'lower',
    });
  });
}

/** Rows that conflict: pairs lean against each other, norms span two decades. */
function conflictingRows(): Float32Array[] {
  const random = randomStream(16, 'bench', 'aggregate');
  const shared = Float32Array.from({ length: LENGTH }, () => random.uniform() - 0.5);
  return Array.from({ length: TASKS }, (_, k) => {
    const [lean, scale] = [(k % 2 ? -1 : 1) * 0.3, 10 ** ((2 * k) / TASKS)];
    return shared.map((value) => scale * (lean * value + random.uniform() - 0.5));
  });
}
