import { fail } from '@trunkline/protocol';
import { flatDigest } from '../layout.ts';
import type { LearnerOptions, PredictingLearner, StepCall } from '../learner.ts';
import { buildNetwork } from './build-network.ts';
import { copyTree } from '../store/copy-tree.ts';
import { roundBatch } from './differentiate.ts';
import { evaluateNetwork, predictNetwork } from './evaluate-network.ts';
import type { Learned, LearnedState } from './learned.ts';
import { localSteps } from './local-steps.ts';
import type { Network, NetworkTask } from './network.ts';
import { trainStep } from './train-step.ts';
import type { WalkMemory } from './walk-memory.ts';
import { createWanted, withWanted } from './wanted.ts';

interface LearnerState {
  readonly heads: Readonly<Record<string, LearnedState>>;
  readonly adapters: Readonly<Record<string, LearnedState>>;
  /** SCAFFOLD's c_k by task; empty without it. */
  readonly controls?: Readonly<Record<string, Float32Array>>;
}

/**
 * Everything of one client that learns. Calls must not overlap: one step, evaluation or snapshot at a time.
 * @throws TRUNK_INPUT, BATCH_SIZE_DIFFERS, TARGET_UNKNOWN, DATA_SHAPE, DATA_LABEL_RANGE, DATA_NO_LABELS, CONFIG_INVALID, LAYER_ errors
 */
export async function createLearner(options: LearnerOptions): Promise<PredictingLearner> {
  const network = await buildNetwork(options);
  const heads = new Map(network.tasks.map(({ plan, weights }) => [plan.id, weights]));
  const controls = new Map<string, Float32Array>();
  const walks = new Map<NetworkTask, WalkMemory>();
  const { weightHeads } = options;
  const wanted = createWanted(network, weightHeads);
  const batchAt = async (number: number) => {
    const rows = await Promise.all(
      network.sources.map(async (source) => [source, await source.batches.take(number)] as const),
    );
    return roundBatch(number, new Map(rows));
  };
  /** On the batches before the round's own, where there are as many. */
  const warmUp = async (call: StepCall, steps: number) => {
    const first = Math.max(0, call.round * (call.local?.steps ?? 1) - steps);
    const quiet = { ...call, exchange: 'rows', probe: false } as const;
    for (let number = first; number < first + steps; number++)
      trainStep(network, quiet, await batchAt(number), weightHeads);
  };
  return {
    async step(call) {
      if (network.frozenTrunk && (call.exchange === 'rows' || call.local))
        throw fail('UNEXPECTED', { what: 'rows and local steps were asked of a learner whose trunk is frozen' });
      if (call.warmup) await warmUp(call, call.warmup);
      const { local, wants = [] } = call;
      const afterwards = wants.includes('losses-after');
      // A head that only just warmed up took no part in the round before.
      const known = afterwards && call.round > 0 && !call.warmup;
      const after = known ? await wanted.lossesAfter(call) : new Map<string, number>();
      const extra = wants.includes('extra-batches') ? await wanted.extraRows(call, { controls, walks }) : [];
      const noted = async (number: number) => {
        const batch = await batchAt(number);
        if (afterwards) wanted.note(batch);
        return batch;
      };
      const result = local
        ? await localSteps(network, { ...call, local }, { weightHeads, batchAt: noted, controls, walks })
        : trainStep(network, call, await noted(call.round), weightHeads);
      return withWanted(result, after, extra);
    },
    evaluate: (theta, split) => evaluateNetwork(network, theta, split),
    predict: (theta, split) => predictNetwork(network, theta, split),
    snapshot: (): LearnerState => ({
      heads: statesOf(heads),
      adapters: statesOf(network.adapters),
      controls: copyTree(Object.fromEntries(controls)),
    }),
    restore(tree) {
      const { heads: savedHeads, adapters: savedAdapters, controls: savedControls } = tree as LearnerState;
      const pairs = [...pairsOf(heads, savedHeads, 'head'), ...pairsOf(network.adapters, savedAdapters, 'adapter')];
      for (const [learned, saved] of pairs) learned.restore(saved);
      controls.clear();
      for (const [task, control] of Object.entries(savedControls ?? {})) controls.set(task, control.slice());
    },
    digests: () => ({ ...digestsOf(heads, 'head'), ...digestsOf(network.adapters, 'adapter') }),
    dispose: () => disposeNetwork(network, heads),
  };
}

const statesOf = (all: ReadonlyMap<string, Learned>): Record<string, LearnedState> =>
  Object.fromEntries([...all].map(([key, learned]) => [key, learned.snapshot()]));

/** What is restored to what; nothing is touched unless everything fits. */
const pairsOf = (all: ReadonlyMap<string, Learned>, states: LearnerState['heads'], what: string) =>
  [...all].map(([key, learned]): [Learned, LearnedState] => {
    const saved = states[key];
    if (saved?.values.length === learned.values.length) return [learned, saved];
    const held = saved ? `${saved.values.length} values of the` : 'no';
    const problem = `it holds ${held} ${what} ${key}, which has ${learned.values.length}.`;
    throw fail('SNAPSHOT_BROKEN', { file: 'The saved state', problem });
  });

/** An adapter without weights has nothing to compare. */
const digestsOf = (all: ReadonlyMap<string, Learned>, what: string): Record<string, string> =>
  Object.fromEntries(
    [...all]
      .filter(([, { values }]) => values.length > 0)
      .map(([key, { values }]) => [`${what}/${key}`, flatDigest(values)]),
  );

function disposeNetwork({ trunkWeights, adapters }: Network, heads: ReadonlyMap<string, Learned>): void {
  for (const weights of [
    trunkWeights,
    ...[...heads.values(), ...adapters.values()].map((learned) => learned.weights),
  ]) {
    weights.dispose();
  }
}
