import { fail } from '@trunkline/protocol';
import { augmentRows } from '../data/augment.ts';
import { createBatches } from '../data/batches.ts';
import { prefetch } from '../data/prefetch.ts';
import { randomStream } from '../random.ts';
import type { Draw } from '../aggregation/strategy.ts';
import type { LearnerOptions } from '../learner.ts';
import { createLearned, type Learned } from './learned.ts';
import type { Network, NetworkSource, NetworkTask } from './network.ts';
import { placeTasks, type PlacedSource } from './place-tasks.ts';
import { createWeights } from './weights.ts';

/** Places the tasks, and gives heads and adapters their initial values. @throws as `placeTasks` does */
export async function buildNetwork(options: LearnerOptions): Promise<Network> {
  const { tf, trunk, seed, frozenTrunk = false } = options;
  const placed = await placeTasks(options.tasks, trunk);
  const adapters = new Map<string, Learned>();
  const sources = placed.map((source) => buildSource(options, source, adapters));
  const all = sources.flatMap(({ tasks }) => tasks);
  const tasks = options.tasks.map((plan) => all.find((task) => task.plan === plan)!);
  return { tf, seed, trunk, trunkWeights: createWeights(tf, trunk), frozenTrunk, sources, tasks, adapters };
}

function buildSource(
  { tf, seed, client }: LearnerOptions,
  { stream, source, batchSize, adapter, tasks: placed }: PlacedSource,
  adapters: Map<string, Learned>,
): NetworkSource {
  const sharing = placed.find(({ ownAdapter }) => !ownAdapter);
  // The shared adapter steps with the optimizer of the first task that uses it.
  const shared =
    adapter &&
    createLearned(tf, adapter, sharing!.plan.optimizer, (slot) => randomStream(seed, 'adapter', stream, slot));
  if (shared) adapters.set(stream, shared);
  const tasks = placed.map(({ plan, head, loss, ownAdapter }): NetworkTask => {
    const own =
      ownAdapter &&
      createLearned(tf, ownAdapter, plan.optimizer, (slot) => randomStream(seed, 'adapter', plan.id, slot));
    if (own) adapters.set(`${stream}/${plan.id}`, own);
    const name = plan.replica ? ['head', plan.id, client] : ['head', plan.id];
    const weights = createLearned(tf, head.stack, plan.optimizer, (slot) => randomStream(seed, ...name, slot));
    return { plan, head, loss, weights, adapter: own ?? shared! };
  });
  const reader = (name: string) => {
    const batches = createBatches({ seed, stream, size: source.sizes.train, batchSize, name });
    const drawn = (round: number) =>
      source.batch
        ? source.batch({ round, size: batchSize, random: randomStream(seed, name, stream, round) })
        : source.read('train', batches.rows(round));
    const { augment: config } = placed[0]!.plan;
    if (!config) return drawn;
    const { inputShape } = source;
    return async (round: number) =>
      augmentRows(await drawn(round), {
        config,
        inputShape,
        random: randomStream(seed, 'augment', name, stream, round),
      });
  };
  const read = reader('batch');
  const extra = (draw: Draw) =>
    source.oneBatchARound ? refuseDraw(placed[0]!.plan.at) : prefetch(reader(`batch-${draw}`), Infinity, source);
  return {
    stream,
    source,
    tasks,
    batches: prefetch(read, Infinity, source),
    extra: { 'extra-1': extra('extra-1'), 'extra-2': extra('extra-2') },
    again: read,
  };
}

/** An iterator gives the same rows for a round whoever asks: nothing independent of its own batch is to be had. */
const refuseDraw = (at: string): NetworkSource['batches'] => ({
  take() {
    throw fail('DATA_LOADER', {
      at,
      problem: 'a plain iterator gives one batch a round, and the run’s strategy wants two more that are independent.',
      expected: 'an object whose `batch` draws with the `random` that it is given',
    });
  },
});
