import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent } from '@trunkline/coordinator';
import { measured, median, type Benchmark, type Measured } from './benchmark.ts';
import { ROOT } from '../simulate/child.ts';
import { readJob } from '../simulate/job.ts';
import { trainOverSockets } from '../simulate/sockets.ts';

/** Rounds left out at the start: the first ones compile and warm caches on both sides. */
const WARM_UP = 50;
const CYCLES = 3;
const FILE = join(ROOT, 'examples', 'drug-discovery', 'run.yaml');

/** What it costs that nothing is lost: the main job as it is, against the same with `--no-durability`. */
export const durableBenchmark: Benchmark = {
  name: 'durable',
  group: 'durable',
  summary:
    'Rounds of the main job that can go on after a crash, against rounds that cannot: sync, and local with 20 steps.',
  async measure(say) {
    return [
      await compare('sync', ['rounds=350'], { allowed: 1.1, say }),
      await compare('local', ['rounds=150', 'mode={"local": {"steps": 20}}'], { allowed: 1.05, say }),
    ];
  },
};

async function compare(
  mode: string,
  rules: readonly string[],
  { allowed, say }: { allowed: number; say: (text: string) => void },
): Promise<Measured> {
  const durable: number[] = [];
  const plain: number[] = [];
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    say(`${mode}: cycle ${cycle + 1} of ${CYCLES}`);
    durable.push(await roundMs(rules, []));
    plain.push(await roundMs(rules, ['--no-durability']));
  }
  return measured({
    id: `durable-${mode}`,
    what: `drug-discovery, ${mode}: milliseconds a round, durable against not`,
    ours: median(durable),
    baseline: median(plain),
    unit: 'ms',
    goal: allowed,
    better: 'lower',
  });
}

/** The mean over all rounds, for what is durable is paid for in a few of them. */
async function roundMs(rules: readonly string[], coordinatorArgs: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
  try {
    const job = readJob(FILE, [...rules, 'evaluateEvery=100000', 'probeEvery=0']);
    await trainOverSockets(job, { folder, heard: () => undefined, coordinatorArgs });
    const lines = readFileSync(join(folder, 'events.jsonl'), 'utf8').trim().split('\n');
    const rounds = lines
      .map((line) => JSON.parse(line) as RunEvent)
      .flatMap((event) => (event.event === 'round' ? [event.timing.roundMs] : []))
      .slice(WARM_UP);
    return rounds.reduce((sum, ms) => sum + ms, 0) / rounds.length;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
