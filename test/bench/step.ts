import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { measured, median, type Benchmark, type Measured } from './benchmark.ts';
import { childrenCpuSeconds } from './children-cpu.ts';
import { inOneProcess, type OneProcessRate } from './one-process-side.ts';
import { roundsOf, type RoundEvent } from './round-times.ts';
import { ROOT } from '../simulate/child.ts';
import { readJob } from '../simulate/job.ts';
import { trainOverSockets } from '../simulate/sockets.ts';

/** As many as the main job has. */
const ROUNDS = 500;
/** Rounds left out at the start: Node compiles what runs often, on both sides, for some ten seconds. */
const WARM_UP = 200;
const CYCLES = 3;
/** No further cycle begins that would probably end after this: on a loaded machine there are fewer. */
const BOUND_MS = 120_000;

/** A round over sockets against the same training in one process: what the distribution costs. */
export const stepBenchmark: Benchmark = {
  name: 'step',
  ids: ['E10'],
  group: 'step',
  summary:
    'Rounds per second, and CPU a round, of client processes over sockets, against one process that trains the same tasks on the same cores.',
  async measure(say) {
    return [...(await compare('drug-discovery', say)), ...(await compare('hospitals', say))];
  },
};

async function compare(example: string, say: (text: string) => void): Promise<Measured[]> {
  const file = join(ROOT, 'examples', example, 'run.yaml');
  const overrides = [`rounds=${ROUNDS}`, `evaluateEvery=${ROUNDS}`, 'probeEvery=0', 'checkpointEvery=1000'];
  const together: OneProcessRate[] = [];
  const single: OneProcessRate[] = [];
  const phases: Phases[] = [];
  const begun = performance.now();
  const roomForMore = () => ((performance.now() - begun) * (together.length + 1)) / together.length < BOUND_MS;
  while (together.length === 0 || (together.length < CYCLES && roomForMore())) {
    say(`${example}: cycle ${together.length + 1} of ${CYCLES}`);
    const folder = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
    try {
      const { rounds, cpuMs } = await overSockets(file, overrides, folder);
      together.push({ rate: 1000 / median(rounds.map(({ timing }) => timing.roundMs)), cpuMs });
      phases.push(phasesOf(rounds));
      single.push(await inOneProcess({ file, overrides, threads: availableParallelism(), warmUp: WARM_UP }, folder));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const middle = (sides: readonly OneProcessRate[], of: keyof OneProcessRate) => median(sides.map((side) => side[of]));
  const claim = { unit: 'rounds/s', goal: 0.8, better: 'higher' } as const;
  const rate = measured({
    ...claim,
    id: `step-${example}`,
    what: `${example}: rounds over sockets against one process`,
    ours: middle(together, 'rate'),
    baseline: middle(single, 'rate'),
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
  const cpu = measured({
    id: `step-${example}-cpu`,
    what: `${example}: CPU of a round, all processes, against one process`,
    ours: middle(together, 'cpuMs'),
    baseline: middle(single, 'cpuMs'),
    unit: 'ms',
    goal: 1.67,
    better: 'lower',
  });
  // Without /proc there is no CPU time of the others.
  return Number.isFinite(cpu.ratio) ? [rate, outside, cpu] : [rate, outside];
}

interface Phases {
  readonly round: number;
  readonly step: number;
  readonly wait: number;
  readonly send: number;
  readonly aggregate: number;
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

/** Coordinator and clients, without their start. */
async function overSockets(
  file: string,
  overrides: readonly string[],
  folder: string,
): Promise<{ rounds: readonly RoundEvent[]; cpuMs: number }> {
  let [warm, last] = [NaN, NaN];
  await trainOverSockets(readJob(file, overrides), {
    folder,
    heard(event) {
      if (event.event !== 'round') return;
      if (event.round === WARM_UP) warm = childrenCpuSeconds();
      if (event.round === ROUNDS - 1) last = childrenCpuSeconds();
    },
  });
  return { rounds: roundsOf(folder).slice(WARM_UP), cpuMs: (1000 * (last - warm)) / (ROUNDS - 1 - WARM_UP) };
}
