import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measured, median, type Benchmark, type Measured } from './benchmark.ts';
import { roundsOf } from './round-times.ts';
import { ROOT } from '../simulate/child.ts';
import { readJob } from '../simulate/job.ts';
import { trainOverSockets } from '../simulate/sockets.ts';

const FILE = join(ROOT, 'examples', 'drug-discovery', 'run.yaml');
const SEEDS = [1, 2, 3];
/** The final loss is the mean over as many rounds: with dropout and batches of 64 a single round says little. */
const LAST = 50;
/** A seed is not begun that would probably end after this. */
const BOUND_MS = 240_000;

const TOP_1 = 'codec={up: {topk: {fraction: 0.01}}, down: float16}';
/**
 * The goals: final loss, and how many times fewer bytes go up. Adam moves a value that is heard of once in a hundred rounds about half as far in all as one that
 * is heard of in each, so that top-1 % learns as float32 does at half the rate: it is shown as it comes and with the rate doubled.
 */
const CODECS = {
  float32: { set: [], goals: undefined },
  int8: { set: ['codec={up: int8, down: int8}'], goals: { loss: 1.01, bytes: 4 } },
  'top-1 %': { set: [TOP_1], goals: { loss: 1.03, bytes: 50 } },
  'top-1 %, rate doubled': {
    set: [TOP_1, 'optimizer={adamw: {learningRate: 0.002, weightDecay: 0.01}}'],
    goals: { loss: 1.03, bytes: 50 },
  },
} as const;
type Name = keyof typeof CODECS;

interface Ended {
  /** Training loss, mean over all tasks and the last rounds. */
  readonly loss: number;
  /** Loss on the test split, mean over all tasks. */
  readonly tested: number;
  /** Mean AUROC of the test split. */
  readonly score: number;
  /** Counted at the coordinator's sockets. */
  readonly up: number;
}

/** What lossy codecs cost in the end: the main job over sockets, as it stands and with a codec, the same seeds. */
export const convergenceBenchmark: Benchmark = {
  name: 'convergence',
  ids: ['E6'],
  group: 'modes',
  summary: `Final loss and score of the main job with int8 and with top-1 %, both with error feedback, against float32: ${SEEDS.length} seeds, and bytes that went up.`,
  async measure(say) {
    const found = new Map<Name, Ended[]>();
    const begun = performance.now();
    for (const [place, seed] of SEEDS.entries()) {
      if (place > 0 && ((performance.now() - begun) * (place + 1)) / place > BOUND_MS) break;
      for (const name of Object.keys(CODECS) as Name[]) {
        const ended = await train(seed, CODECS[name].set);
        found.set(name, [...(found.get(name) ?? []), ended]);
        say(
          `seed ${seed}, ${name}: loss ${ended.loss.toFixed(4)}, on the test split ${ended.tested.toFixed(4)}, mean AUROC ${ended.score.toFixed(3)}, ${(ended.up / 1e6).toFixed(1)} MB up`,
        );
      }
    }
    return (Object.keys(CODECS) as Name[]).flatMap((name) => claimsOf(name, found));
  },
};

function claimsOf(name: Name, found: ReadonlyMap<Name, readonly Ended[]>): Measured[] {
  const { goals } = CODECS[name];
  if (!goals) return [];
  const middle = (of: Name, what: keyof Ended) => median(found.get(of)!.map((ended) => ended[what]));
  const seeds = found.get(name)!.length;
  const id = `E6-${name.replaceAll(/[^a-z0-9]+/g, '-').replace(/-$/, '')}`;
  return [
    measured({
      id,
      what: `drug-discovery, ${name} against float32: training loss of the last ${LAST} rounds, median of ${seeds} seeds`,
      ...{ ours: middle(name, 'loss'), baseline: middle('float32', 'loss') },
      ...{ unit: '', goal: goals.loss, better: 'lower' },
    }),
    measured({
      id: `${id}-tested`,
      what: `drug-discovery, ${name} against float32: loss on the test split at the end`,
      ...{ ours: middle(name, 'tested'), baseline: middle('float32', 'tested') },
      ...{ unit: '', goal: goals.loss, better: 'lower' },
    }),
    measured({
      id: `${id}-bytes`,
      what: `drug-discovery, ${name}: how many times fewer bytes go up, at the sockets`,
      ...{ ours: middle('float32', 'up'), baseline: middle(name, 'up') },
      ...{ unit: 'bytes', goal: goals.bytes, better: 'higher' },
    }),
  ];
}

async function train(seed: number, set: readonly string[]): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-convergence-'));
  try {
    const job = readJob(FILE, [`seed=${seed}`, 'probeEvery=0', 'evaluateEvery=500', ...set]);
    const { scores, bytes } = await trainOverSockets(job, { folder, heard: () => undefined });
    const last = roundsOf(folder)
      .slice(-LAST)
      .flatMap(({ losses }) => Object.values(losses).filter((loss) => loss !== null));
    return {
      loss: mean(last),
      tested: mean(scores.map(({ loss }) => loss ?? NaN)),
      score: mean(scores.map(({ metrics }) => metrics['auroc'] ?? NaN)),
      up: bytes!.up,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
