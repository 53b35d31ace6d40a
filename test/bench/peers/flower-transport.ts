import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { runChild, type Child } from '../../simulate/child.ts';
import { startMeasured } from '../../wire/measured-coordinator.ts';
import { median, type Benchmark } from '../benchmark.ts';
import type { ArrayClient } from './array-client-process.ts';
import { flowerAtItsBest } from './flower-at-its-best.ts';
import { flowerRounds, peerBenchmark } from './peer-benchmark.ts';
import { fewerSeconds } from './peer-figures.ts';

const ROUNDS = 6;
const OURS_LIMIT_MS = 5 * 60_000;
const MEGABYTE = 1_000_000;

/** A round that trains nothing: `clients` processes take an array of `megabytes` and send one back. */
const transport = (claim: {
  ids: readonly string[];
  clients: number;
  sizes: readonly number[];
  times: readonly number[];
}): Benchmark =>
  peerBenchmark({
    name: `flower-transport-${claim.clients}${claim.sizes.length > 1 ? '' : `-${claim.sizes[0]}MB`}`,
    ids: claim.ids,
    summary: `A round of ${claim.clients} clients with arrays of ${claim.sizes.join(', ')} MB down and up, without training, against Flower’s.`,
    async measure(peers, say) {
      const { clients, sizes, times } = claim;
      const rows = [];
      for (const [i, megabytes] of sizes.entries()) {
        const id = sizes.length > 1 ? `${claim.ids[0]}-${megabytes}MB` : claim.ids[0]!;
        try {
          const before = await ourRounds(clients, megabytes);
          say(`${id}, ours: ${median(before).toPrecision(3)} s a round, median of ${before.length}`);
          const size = ['--clients', String(clients), '--mb', String(megabytes), '--rounds', String(flowerRounds(5))];
          const job = { script: 'flower_transport.py', args: size, name: `K${clients}_${megabytes}MB` };
          const flower = await flowerAtItsBest(peers, job, say);
          const ours = median([...before, ...(await ourRounds(clients, megabytes))]);
          const what = `a round of ${clients} clients, ${megabytes} MB down and up, no training: against Flower, ${flower.setting}`;
          rows.push(fewerSeconds({ id, what, ours, baseline: flower.seconds, times: times[i]! }));
        } catch (error) {
          say(`${id}: not measured: ${(error as Error).message}`);
        }
      }
      return rows;
    },
  });

export const flowerTransportBenchmarks: readonly Benchmark[] = [
  transport({ ids: ['F3'], clients: 3, sizes: [1], times: [50] }),
  transport({ ids: ['F4'], clients: 3, sizes: [10], times: [20] }),
  transport({ ids: ['F5'], clients: 3, sizes: [40], times: [8] }),
  transport({ ids: ['F6'], clients: 8, sizes: [1, 10, 40], times: [50, 20, 8] }),
];

/** Seconds of each round but the first, through the product's own coordinator, sockets and intake. */
async function ourRounds(clients: number, megabytes: number): Promise<number[]> {
  const parameters = (megabytes * MEGABYTE) / 4;
  const tasks = Array.from({ length: clients }, (_, place) => `array-${place}`);
  const coordinator = await startMeasured({ parameters, tasks, rounds: ROUNDS });
  const { url, child, folder, events } = coordinator;
  const children: Child[] = [child];
  const limit = setTimeout(() => child.process.kill('SIGKILL'), OURS_LIMIT_MS);
  try {
    for (const [place, task] of tasks.entries()) {
      const ask: ArrayClient = { url, task, place, parameters };
      children.push(
        runChild({
          entry: 'test/dist/bench/peers/array-client-process.js',
          args: [JSON.stringify(ask)],
          log: join(folder, `${task}.log`),
          heard: () => undefined,
        }),
      );
    }
    await coordinator.until('round', ({ round }) => round === ROUNDS - 1);
    const rounds = events.filter(({ event }) => event === 'round');
    return rounds.slice(1).map(({ timing }) => (timing as { roundMs: number }).roundMs / 1000);
  } finally {
    clearTimeout(limit);
    for (const one of children) one.process.kill('SIGKILL');
    await Promise.all(children.map(({ exited }) => exited));
    rmSync(folder, { recursive: true, force: true });
  }
}
