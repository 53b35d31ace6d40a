import { setImmediate } from 'node:timers/promises';
import { planRun } from '@trunkline/coordinator';
import type { StepResult } from '@trunkline/model/learner';
import { deltaM } from '@trunkline/model/metrics';
import { randomStream } from '@trunkline/model/random';
import { fail } from '@trunkline/protocol';
import { rehearse } from './in-process.ts';
import { furtherCall, type Rehearsal } from './rehearsal.ts';
import { readJob } from './job.ts';
import { betterOf } from './result.ts';
import { successiveHalving } from './successive-halving.ts';
import { weightCandidates, type Weights } from './weight-candidates.ts';

export interface SearchOptions {
  readonly file: string;
  readonly overrides?: readonly string[];
  /** Random draws instead of a grid. */
  readonly draws?: number;
  readonly say?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** `data` of `simulate --search weights --format json`. */
export interface SearchResult {
  readonly run: string;
  readonly seed: number;
  readonly strategy: string;
  /** Rounds of those that went the whole way. */
  readonly rounds: number;
  /** In the order in which they were made, the first all 1. `gain`: mean over tasks of the validation score relative to the first's, in %. */
  readonly candidates: readonly {
    readonly weights: Weights;
    readonly rounds: number;
    readonly gain: number | null;
    readonly scores: Readonly<Record<string, number | null>>;
  }[];
  readonly best: Weights;
  readonly gain: number | null;
  readonly seconds: number;
}

type Scores = readonly { readonly task: string; readonly metric: string; readonly value: number | null }[];
interface Saved {
  readonly keeper: ReturnType<Rehearsal['keeper']['snapshot']>;
  readonly learners: readonly unknown[];
}

/**
 * Searches fixed λ by successive halving, judged on the validation split; the test split is not looked at. In one process; candidates
 * share initial values and batches, and go on from where they were halved. A run whose strategy has no fixed λ is searched with
 * weighted-sum, its baseline. The same seed finds the same.
 * @throws CONFIG_*, LAYER_*, DATA_*, USAGE for a mode other than sync; the signal's reason when it is aborted
 */
export async function searchWeights(options: SearchOptions): Promise<SearchResult> {
  const given = readJob(options.file, options.overrides);
  const { strategy, pace } = planRun(given.config);
  if (pace.local || pace.buffer) {
    const remedy = "Leave `mode` out while you search: --set 'mode={sync: {}}'.";
    throw fail('USAGE', { what: 'Weights are searched in mode sync only.', remedy });
  }
  const fixed = strategy.needs === 'sum';
  const set = [...(fixed ? [] : ['strategy=weighted-sum']), 'exchange=sum', 'weights={}'];
  const job = readJob(options.file, [...(options.overrides ?? []), ...set]);
  const { run, seed, rounds } = job.config;
  const tasks = [...new Set(job.clients.flatMap(({ config }) => config.tasks.map(({ id }) => id)))];
  const weights = weightCandidates(tasks, options.draws, randomStream(seed, 'search', 'weights'));
  const started = performance.now();
  const rehearsal = await rehearse(job);
  const beginning = save(rehearsal);
  const saved: Saved[] = weights.map(() => beginning);
  const scores: Scores[] = [];
  const { standings, best } = await successiveHalving(weights.length, rounds, async (candidates, until) => {
    options.say?.(`${candidates.length} candidates to round ${until}`);
    for (const candidate of candidates) {
      restore(rehearsal, saved[candidate]!);
      while (rehearsal.keeper.version < until) {
        // Steps never wait for anything: without a turn of the event loop no signal would be heard.
        await setImmediate();
        options.signal?.throwIfAborted();
        await step(rehearsal, weights[candidate]!);
      }
      saved[candidate] = save(rehearsal);
      scores[candidate] = await validate(rehearsal);
    }
    const yardstick = scores[0]!;
    return candidates.map((candidate) => gainOver(scores[candidate]!, yardstick));
  });
  rehearsal.dispose();
  return {
    run,
    seed,
    strategy: rehearsal.plan.strategy.name,
    rounds,
    candidates: standings.map(({ candidate, rounds: trained, gain }) => ({
      weights: weights[candidate]!,
      rounds: trained,
      gain,
      scores: Object.fromEntries(scores[candidate]!.map(({ task, value }) => [task, value])),
    })),
    best: weights[best]!,
    gain: standings[best]!.gain,
    seconds: (performance.now() - started) / 1000,
  };
}

const save = ({ keeper, seats }: Rehearsal): Saved => ({
  keeper: keeper.snapshot(),
  learners: seats.map(({ learner }) => learner.snapshot()),
});

function restore({ keeper, seats }: Rehearsal, { keeper: trunk, learners }: Saved): void {
  keeper.restore(trunk);
  seats.forEach(({ learner }, i) => learner.restore(learners[i]));
}

async function step(rehearsal: Rehearsal, weights: Weights): Promise<void> {
  const { keeper, seats, plan } = rehearsal;
  const { exchange } = plan;
  const results: Record<string, StepResult> = {};
  for (const { client, learner, lambda: shares, scale } of seats) {
    // A replica's share of its task stays its share.
    const lambda = Object.fromEntries(Object.entries(shares).map(([task, share]) => [task, share * weights[task]!]));
    const { version: round, theta } = keeper;
    const local = furtherCall(plan, keeper, scale);
    results[client] = await learner.step({ round, theta, lambda, exchange, probe: false, ...local });
  }
  keeper.advance(await rehearsal.answers(results, weights));
}

async function validate({ keeper, seats }: Rehearsal): Promise<Scores> {
  const scores: Scores[number][] = [];
  for (const { learner } of seats) {
    for (const { task, metrics } of await learner.evaluate(keeper.theta, 'validation')) {
      const [metric, value] = Object.entries(metrics)[0]!;
      scores.push({ task, metric, value: value ?? null });
    }
  }
  return scores;
}

function gainOver(scores: Scores, yardstick: Scores): number | null {
  const pairs = scores.map(({ task, metric, value }, i) => ({
    task,
    together: value,
    alone: yardstick[i]!.value,
    better: betterOf(metric),
  }));
  return deltaM(pairs).deltaM ?? null;
}
