import { flatDigest } from '@trunkline/model/layout';
import { createOptimizer } from '@trunkline/model/optimizer';
import { createTrunkStep } from '@trunkline/coordinator';
import { fusedModel } from './fused.ts';
import { rehearse, type Rehearsal } from '../simulate/in-process.ts';
import type { Job } from '../simulate/job.ts';

/** Largest absolute difference. */
export function largestGap(a: Float32Array, b: Float32Array): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}
const largest = (a: Float32Array): number => a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Where a training stands, down to the last bit. */
export interface Bytes {
  /** Of the trunk. */
  readonly sha256: string;
  /** Of heads and adapters, as a run over sockets names them. */
  readonly digests: Readonly<Record<string, string>>;
}

/** What a training in one process gave while the referee watched it. */
export interface Walked {
  /** Largest relative difference (to the fused gradient's largest entry) of any round. */
  readonly gap: number;
  /** After each of the rounds asked for. */
  readonly after: ReadonlyMap<number, Bytes>;
}

const bytesOf = ({ keeper, seats }: Rehearsal): Bytes => ({
  sha256: flatDigest(keeper.theta),
  digests: Object.fromEntries(
    seats.flatMap(({ client, learner }) =>
      Object.entries(learner.digests()).map(([name, digest]) => [`${client}/${name}`, digest]),
    ),
  ),
});

const lambdaOf = (rehearsal: Rehearsal) => (client: string, task: string) =>
  rehearsal.seats.find((seat) => seat.client === client)!.lambda[task]!;

type HeadsTree = { heads: Record<string, { values: Float32Array }> };
const headsOf = (rehearsal: Rehearsal): Record<string, Float32Array> =>
  Object.fromEntries(
    rehearsal.seats.flatMap(({ client, learner }) =>
      Object.entries((learner.snapshot() as HeadsTree).heads).map(([task, { values }]) => [
        `${client}/${task}`,
        values,
      ]),
    ),
  );

/**
 * Runs the training in one process; before each round copies trunk and heads into the referee, and compares the aggregated gradient with the fused one.
 * @param marks rounds after which the bytes are noted; the last one ends it
 */
export async function walkWithReferee(job: Job, marks: readonly number[]): Promise<Walked> {
  const rehearsal = await rehearse(job);
  const { plan, keeper } = rehearsal;
  const fused = await fusedModel(job, lambdaOf(rehearsal));
  const after = new Map<number, Bytes>();
  let gap = 0;
  for (let round = 0; round < Math.max(...marks); round++) {
    const { trunk } = await fused.gradient(round, keeper.theta, headsOf(rehearsal));
    const answers = await rehearsal.answers(await rehearsal.round());
    const direction = directionOf(answers, plan.trunk.layout.length);
    gap = Math.max(gap, largestGap(direction, trunk) / largest(trunk));
    keeper.advance(answers);
    if (marks.includes(round + 1)) after.set(round + 1, bytesOf(rehearsal));
  }
  rehearsal.dispose();
  return { gap, after };
}

/** Σ λ_k g_k of a round's answers, for weighted-sum. */
function directionOf(answers: Awaited<ReturnType<Rehearsal['answers']>>, length: number): Float32Array {
  if (answers.exchange === 'sum') return new Float32Array(answers.sum!);
  const sum = new Float64Array(length);
  for (const { lambda, values } of answers.rows) for (let i = 0; i < length; i++) sum[i]! += lambda * values[i]!;
  return new Float32Array(sum);
}

/** Trains both for `rounds` rounds from the same start, each on its own, and returns the largest absolute difference of the trunks. */
export async function trunkGapAfter(job: Job, rounds: number): Promise<number> {
  const rehearsal = await rehearse(job);
  const { plan } = rehearsal;
  const fused = await fusedModel(job, lambdaOf(rehearsal));
  const theirs = createTrunkStep(plan);
  const heads = headsOf(rehearsal);
  const optimizers = Object.fromEntries(
    job.clients.flatMap(({ config }) =>
      config.tasks.map(({ id, optimizer }) => {
        const rule = createOptimizer(optimizer);
        const key = `${config.client}/${id}`;
        return [key, { rule, state: rule.init(heads[key]!.length) }];
      }),
    ),
  );
  for (let round = 0; round < rounds; round++) {
    const gradient = await fused.gradient(round, theirs.theta, heads);
    theirs.advance({ exchange: 'sum', sum: new Float64Array(gradient.trunk), tasks: 1 });
    for (const [key, values] of Object.entries(gradient.heads))
      optimizers[key]!.rule.update(heads[key]!, values, optimizers[key]!.state);
    rehearsal.keeper.advance(await rehearsal.answers(await rehearsal.round()));
  }
  const gap = largestGap(rehearsal.keeper.theta, theirs.theta);
  rehearsal.dispose();
  return gap;
}
