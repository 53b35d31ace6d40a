import type { WeighingStrategy } from '@trunkline/model/aggregation';
import { strategies } from '@trunkline/model/aggregation';
import { randomStream } from '@trunkline/model/random';
import { aggregateRound, inRoom } from '../aggregate-round.ts';
import { measured, median, type Measured } from '../benchmark.ts';
import { peerBenchmark } from './peer-benchmark.ts';
import { medianOf } from './peer-figures.ts';
import { runPeer } from './run-peer.ts';

const TASKS = 16;
const LENGTH = 1_000_000;
/** Common directions that the rows are mixed from, as in the other's script: about half of the pairs conflict. */
const DIRECTIONS = 4;
const NOISE = 0.5;
const ROUNDS = 5;
const LIMIT_S = 300;
const THREADS = [1, 2];

/** Their name of each strategy → ours, with the parameters that theirs has by default. */
const PAIRS: Readonly<Record<string, { name: keyof typeof strategies; parameters?: unknown }>> = {
  Mean: { name: 'mean' },
  MGDA: { name: 'mgda' },
  UPGrad: { name: 'upgrad' },
  PCGrad: { name: 'pcgrad' },
  CAGrad: { name: 'cagrad', parameters: { c: 0.5 } },
  NashMTL: { name: 'nash-mtl' },
};

/** Ours runs on one thread; theirs on one, and on two as well. */
export const torchjdBenchmark = peerBenchmark({
  name: 'torchjd',
  ids: ['A11', 'A11-torchjd'],
  summary: `Gramian, solution and combination of ${TASKS} rows of ${LENGTH} values on one thread, against TorchJD on one and on two.`,
  async measure(peers, say) {
    const rows = inRoom(mixedRows());
    const ours = new Map(Object.values(PAIRS).map(({ name }) => [name, [] as number[]]));
    const time = () => {
      for (const { name, parameters } of Object.values(PAIRS)) {
        const strategy = strategies[name] as WeighingStrategy;
        // The first one warms up, as theirs does.
        const rounds = Array.from({ length: ROUNDS + 1 }, (_, round) =>
          aggregateRound(strategy, rows, { round, parameters }),
        );
        ours.get(name)!.push(...rounds.slice(1).map(({ wallMs }) => wallMs));
      }
    };
    time();
    const measuredRows: Measured[] = [];
    const theirs = new Map<number, Record<string, unknown>>();
    for (const threads of THREADS) {
      theirs.set(threads, await runPeer(peers, 'torchjd_aggregate.py', ['--threads', String(threads)], LIMIT_S));
      time();
    }
    for (const [threads, result] of theirs)
      for (const [their, { name }] of Object.entries(PAIRS)) {
        const id = `A11-torchjd-${name}-${threads}`;
        try {
          measuredRows.push(
            measured({
              id,
              what: `${name}, K = ${TASKS}, d = ${LENGTH}: ours on 1 thread, TorchJD’s ${their} on ${threads}`,
              ours: median(ours.get(name)!),
              baseline: medianOf(result, `${their}_K${TASKS}_d${LENGTH}_ms`),
              ...{ unit: 'ms', goal: 1, better: 'lower' },
            }),
          );
        } catch (error) {
          say(`${id}: not measured: ${(error as Error).message}`);
        }
      }
    return measuredRows;
  },
});

function mixedRows(): Float32Array[] {
  const random = randomStream(0, 'bench', 'torchjd');
  const normal = () => random.normal();
  const common = Array.from({ length: DIRECTIONS }, () => Float32Array.from({ length: LENGTH }, normal));
  return Array.from({ length: TASKS }, () => {
    const mix = common.map(normal);
    return Float32Array.from(
      { length: LENGTH },
      (_, i) => common.reduce((sum, direction, d) => sum + mix[d]! * direction[i]!, 0) + NOISE * normal(),
    );
  });
}
