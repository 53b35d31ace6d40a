import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent } from '@trunkline/coordinator';
import { measured, median, type Benchmark, type Measured } from './benchmark.ts';
import { ROOT, runChild } from '../simulate/child.ts';
import { readJob } from '../simulate/job.ts';
import { trainOverSockets } from '../simulate/sockets.ts';

/** Rounds left out at the start: the first ones compile and warm caches on both sides. */
const WARM_UP = 50;
const ROUNDS = 350;
const CYCLES = 3;

/** A round over sockets against the same training in one process: what the distribution costs. */
export const stepBenchmark: Benchmark = {
  name: 'step',
  group: 'step',
  summary:
    'Rounds per second of client processes over sockets, against one process that trains the same tasks on the same cores.',
  async measure(say) {
    return [...(await compare('drug-discovery', say)), ...(await compare('hospitals', say))];
  },
};

async function compare(example: string, say: (text: string) => void): Promise<Measured[]> {
  const file = join(ROOT, 'examples', example, 'run.yaml');
  const overrides = [`rounds=${ROUNDS}`, `evaluateEvery=${ROUNDS}`, 'probeEvery=0', 'checkpointEvery=1000'];
  const together: number[] = [];
  const single: number[] = [];
  const phases: Phases[] = [];
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    say(`${example}: cycle ${cycle + 1} of ${CYCLES}`);
    const folder = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
    try {
      await trainOverSockets(readJob(file, overrides), { folder, heard: () => undefined });
      const rounds = roundsOf(folder).slice(WARM_UP);
      together.push(1000 / median(rounds.map(({ timing }) => timing.roundMs)));
      phases.push(phasesOf(rounds));
      single.push(await oneProcess(file, overrides, folder));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const claim = { unit: 'rounds/s', goal: 0.6, better: 'higher' } as const;
  const rate = measured({
    ...claim,
    id: `step-${example}`,
    what: `${example}: rounds over sockets against one process`,
    ours: median(together),
    baseline: median(single),
  });
  const share = (of: keyof Phases) => median(phases.map((phase) => phase[of]));
  say(
    `${example}: a round takes ${share('round').toFixed(1)} ms: step ${share('step').toFixed(1)}, wait for the trunk ${share('wait').toFixed(1)}, send ${share('send').toFixed(1)}, aggregate ${share('aggregate').toFixed(1)} ms (slowest client)`,
  );
  const outside = measured({
    id: `step-${example}-outside`,
    what: `${example}: share of a round outside the training step`,
    ours: 1 - share('step') / share('round'),
    baseline: 1,
    unit: 'of a round',
    goal: 1,
    better: 'lower',
  });
  return [rate, outside];
}

interface Phases {
  readonly round: number;
  readonly step: number;
  readonly wait: number;
  readonly send: number;
  readonly aggregate: number;
}

type RoundEvent = Extract<RunEvent, { event: 'round' }>;

function roundsOf(folder: string): RoundEvent[] {
  const lines = readFileSync(join(folder, 'events.jsonl'), 'utf8').trim().split('\n');
  return lines
    .map((line) => JSON.parse(line) as RunEvent)
    .filter((event): event is RoundEvent => event.event === 'round');
}

function phasesOf(rounds: readonly RoundEvent[]): Phases {
  const slowest = (of: (timing: { waitMs: number; stepMs: number; sendMs: number }) => number) =>
    median(rounds.map(({ clients }) => Math.max(...Object.values(clients).map(of))));
  return {
    round: median(rounds.map(({ timing }) => timing.roundMs)),
    step: slowest(({ stepMs }) => stepMs),
    wait: slowest(({ waitMs }) => waitMs),
    send: slowest(({ sendMs }) => sendMs),
    aggregate: median(rounds.map(({ timing }) => timing.aggregateMs)),
  };
}

/** Rounds per second of the same training in one process with all cores. */
async function oneProcess(file: string, overrides: readonly string[], folder: string): Promise<number> {
  let rate = 0;
  const child = runChild({
    entry: 'test/dist/bench/one-process.js',
    args: [JSON.stringify({ file, overrides, threads: availableParallelism(), warmUp: WARM_UP })],
    log: join(folder, 'one-process.log'),
    heard: (line) => (rate = Number(line['roundsPerSecond'])),
  });
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`the one-process baseline ended with code ${code}: ${child.lastWords()}`);
  return rate;
}
