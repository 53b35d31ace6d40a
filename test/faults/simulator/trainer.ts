import type { ConversationDeps } from '@trunkline/client';
import { keepBest, type KeptBest, type KeptState, type Learner } from '@trunkline/model/learner';
import type { FeedbackState } from '@trunkline/model/codec';
import type { Random } from '@trunkline/model/random';
import { decodeSnapshot, encodeSnapshot } from '@trunkline/model/store';
import type { TrunkSpec } from '@trunkline/model/trunk';
import { offerOf, tinyLearner } from './tiny-learner.ts';
import type { Process, World } from './world.ts';

type Trainer = ConversationDeps['trainer'];

/** A step takes this long, about. */
const STEP_MS = { least: 1, most: 200 };

export const stepMs = (random: Random): number => STEP_MS.least * (STEP_MS.most / STEP_MS.least) ** random.uniform();

interface TrainerOptions {
  readonly process: Process;
  readonly seed: number;
  readonly tasks: readonly string[];
  /** What is to be restored is not: a bug to be found. */
  readonly forgetful: boolean;
}

/** A training thread in virtual time: one request at a time, in the order in which they came, as `trainer-thread.ts` answers them. */
export function simulatedTrainer(world: World, { process, seed, tasks, forgetful }: TrainerOptions): Trainer {
  let learner: Learner;
  let best: KeptBest;
  const begin = () => {
    learner = tinyLearner({ seed, tasks });
    best = keepBest(learner);
  };
  begin();
  let queue: Promise<unknown> = Promise.resolve();

  const handlers: Record<string, (ask: never) => unknown> = {
    build({ welcome }: { welcome: { spec: TrunkSpec } }) {
      begin();
      const machine = { backend: 'tiny', library: '1', device: 'cpu', threads: 1, instructions: 'none' };
      return { offers: tasks.map((task) => offerOf(task, welcome.spec.input)), machine, line: 'tiny' };
    },
    async evaluate({ version, theta, split, keep, best: chosen }: Evaluate) {
      const trunk = chosen === undefined ? theta : best.restore(chosen);
      const scores = await learner.evaluate(trunk, split);
      if (keep) best.offer(version, theta);
      return { scores, digests: learner.digests() };
    },
    save: ({ feedback }: { feedback?: FeedbackState }) => ({
      bytes: encodeSnapshot({ learner: learner.snapshot(), best: best.snapshot(), feedback }),
    }),
    restore({ bytes }: { bytes: Uint8Array | null }) {
      if (forgetful) return {};
      begin();
      if (!bytes) return {};
      const saved = decodeSnapshot(bytes) as { learner: unknown; best: KeptState };
      learner.restore(saved.learner);
      best.resume(saved.best);
      return {};
    },
    snapshot: () => ({ bytes: encodeSnapshot(learner.snapshot()) }),
    memory: () => ({ tensors: 0, heapUsed: 0, arrayBuffers: 0 }),
  };
  const inTurn = <T>(what: string, handle: () => T | Promise<T>): Promise<T> => {
    const ms = stepMs(world.random);
    const result = queue
      .then(() => new Promise<void>((done) => void world.after(ms, what, done, process)))
      .then(handle);
    queue = result.catch(() => undefined);
    return result;
  };
  return {
    ask: (name, ask) => inTurn(name, () => handlers[name]!(ask as never)) as never,
    step: ({ best: chosen, ...call }) =>
      inTurn(`step ${call.round}`, async () => {
        if (chosen !== undefined) best.confirm(chosen);
        return { ...(await learner.step(call)), stepMs: 1 };
      }),
    close: async () => undefined,
  };
}

interface Evaluate {
  readonly version: number;
  readonly theta: Float32Array;
  readonly split: 'validation' | 'test';
  readonly keep: boolean;
  readonly best?: number;
}
