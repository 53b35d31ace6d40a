import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent } from '@trunkline/coordinator';
import { measured, median, type Benchmark, type Measured } from './benchmark.ts';
import { ROOT } from '../simulate/child.ts';
import { readJob } from '../simulate/job.ts';
import { trainOverSockets } from '../simulate/sockets.ts';

const CYCLES = 9;
/** No run goes on for longer. */
const RUN_MS = 100_000;
const FILE = join(ROOT, 'examples', 'drug-discovery', 'run.yaml');

interface Course {
  readonly mode: string;
  readonly rules: readonly string[];
  /** Rounds left out at the start: the first ones compile and warm caches on both sides. */
  readonly warmUp: number;
  readonly allowed: number;
  /** No further cycle begins after this: both modes together end within eight minutes. */
  readonly boundMs: number;
}

const COURSES: readonly Course[] = [
  { mode: 'sync', rules: ['rounds=150'], warmUp: 50, allowed: 1.1, boundMs: 140_000 },
  // A round takes 20 times as long; more checkpoints than by default, so that several are among the few that are measured.
  {
    mode: 'local',
    rules: ['rounds=24', 'checkpointEvery=4', 'mode={"local": {"steps": 20}}'],
    warmUp: 8,
    allowed: 1.05,
    // Two runs of one side differ by as much as is allowed: only pairs tell, and several of them.
    boundMs: 300_000,
  },
];

/** What it costs that nothing is lost: the main job as it is, against the same with `--no-durability`. */
export const durableBenchmark: Benchmark = {
  name: 'durable',
  group: 'durable',
  summary:
    'Rounds of the main job that can go on after a crash, against rounds that cannot: sync, and local with 20 steps.',
  async measure(say) {
    const rows: Measured[] = [];
    for (const course of COURSES) rows.push(await compare(course, say));
    return rows;
  },
};

/** One side, then the other, and the other way round: what a machine does meanwhile falls on both of a pair. */
async function compare(course: Course, say: (text: string) => void): Promise<Measured> {
  const { mode, allowed } = course;
  const durable: number[] = [];
  const plain: number[] = [];
  const ratios: number[] = [];
  const begun = performance.now();
  for (let cycle = 0; cycle < CYCLES && (cycle === 0 || performance.now() - begun < course.boundMs); cycle++) {
    const sides = [
      async () => durable.push(await roundMs(course, [])),
      async () => plain.push(await roundMs(course, ['--no-durability'])),
    ];
    for (const side of cycle % 2 === 0 ? sides : sides.reverse()) await side();
    ratios.push(durable.at(-1)! / plain.at(-1)!);
    say(`${mode}, cycle ${cycle + 1}: ${durable.at(-1)!.toFixed(2)} ms a round, ${plain.at(-1)!.toFixed(2)} without`);
  }
  return measured({
    id: `durable-${mode}`,
    what: `drug-discovery, ${mode}: a durable round against one that is not (${median(plain).toFixed(0)} ms), median of ${ratios.length} pairs`,
    ours: median(ratios),
    baseline: 1,
    unit: 'rounds',
    goal: allowed,
    better: 'lower',
  });
}

/** The mean over all rounds, for what is durable is paid for in a few of them. */
async function roundMs({ rules, warmUp }: Course, coordinatorArgs: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
  try {
    const job = readJob(FILE, [...rules, 'evaluateEvery=100000', 'probeEvery=0']);
    await trainOverSockets(job, {
      folder,
      heard: () => undefined,
      coordinatorArgs,
      signal: AbortSignal.timeout(RUN_MS),
    });
    const lines = readFileSync(join(folder, 'events.jsonl'), 'utf8').trim().split('\n');
    const rounds = lines
      .map((line) => JSON.parse(line) as RunEvent)
      .flatMap((event) => (event.event === 'round' ? [event.timing.roundMs] : []))
      .slice(warmUp);
    return rounds.reduce((sum, ms) => sum + ms, 0) / rounds.length;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
