import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJob } from '../simulate/job.ts';
import { trainOverSockets } from '../simulate/sockets.ts';
import { measured, median, type Benchmark, type Measured } from './benchmark.ts';
import { eightLabs } from './eight-labs.ts';
import { inOneProcess } from './one-process-side.ts';
import { roundsOf } from './round-times.ts';

/** 1,051,120 parameters: 4 MB a vector. */
const TRUNK = {
  input: [1024],
  layers: [{ dense: { units: 680, activation: 'relu' } }, { dense: { units: 520, activation: 'relu' } }],
};
const COURSES = [
  { id: 'E4-10', steps: 10, rounds: 6, warmUp: 2, goal: 0.9 },
  { id: 'E4-50', steps: 50, rounds: 3, warmUp: 1, goal: 0.97 },
] as const;
const CYCLES = 3;
/** Of one course: no further cycle begins that would end after this, and no run goes on for longer. */
const [BOUND_MS, RUN_MS] = [70_000, 240_000];

/** How much of the cores the training itself gets when eight clients and a coordinator share them. */
export const parallelBenchmark: Benchmark = {
  name: 'parallel',
  ids: ['E4'],
  group: 'modes',
  summary:
    'Steps per second of eight clients and a coordinator in mode local, 10 and 50 steps a round, against one process that trains the same on the same cores.',
  async measure(say) {
    const job = eightLabs();
    try {
      const rows: Measured[] = [];
      for (const course of COURSES) rows.push(await compare(job.file, job.tasks.length, course, say));
      return rows;
    } finally {
      job.remove();
    }
  },
};

async function compare(
  file: string,
  clients: number,
  { id, steps, rounds, warmUp, goal }: (typeof COURSES)[number],
  say: (text: string) => void,
): Promise<Measured> {
  const mode = {
    local: { steps, optimizer: { sgd: { learningRate: 0.01 } }, deadlineMs: RUN_MS, giveUpAfterMs: RUN_MS },
  };
  const overrides = [
    ...[`rounds=${rounds}`, `evaluateEvery=${rounds}`, 'probeEvery=0', 'checkpointEvery=1000'],
    ...[`mode=${JSON.stringify(mode)}`, `trunk=${JSON.stringify(TRUNK)}`],
  ];
  const ours: number[] = [];
  const single: number[] = [];
  const begun = performance.now();
  const roomForMore = () => ((performance.now() - begun) * (ours.length + 1)) / ours.length < BOUND_MS;
  while (ours.length === 0 || (ours.length < CYCLES && roomForMore())) {
    const folder = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
    try {
      const signal = AbortSignal.timeout(RUN_MS);
      await trainOverSockets(readJob(file, overrides), { folder, heard: () => undefined, signal });
      const times = roundsOf(folder).slice(warmUp);
      const rate = (ms: number) => (1000 * clients * steps) / ms;
      ours.push(rate(median(times.map(({ timing }) => timing.roundMs))));
      const side = await inOneProcess({ file, overrides, threads: availableParallelism(), warmUp }, folder);
      single.push(side.rate * clients * steps);
      say(
        `${steps} local steps, cycle ${ours.length}: ${ours.at(-1)!.toFixed(0)} steps/s over sockets, ${single.at(-1)!.toFixed(0)} in one process`,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return measured({
    id,
    what: `steps of ${clients} clients a second, ${steps} local steps a round, 1 M parameters, against one process on the same cores`,
    ...{ ours: median(ours), baseline: median(single), unit: 'steps/s', goal, better: 'higher' },
  });
}
