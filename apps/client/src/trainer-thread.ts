import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort } from 'node:worker_threads';
import { fail, toTrunklineError, type TaskOffer } from '@trunkline/protocol';
import { instructionSet, openBackend, type Backend } from '@trunkline/model/backend';
import {
  createLearner,
  describeTask,
  keepBest,
  type KeptBest,
  type KeptState,
  type Learner,
} from '@trunkline/model/learner';
import { needsNativeOrCpu } from '@trunkline/model/layer';
import { decodeSnapshot, encodeSnapshot } from '@trunkline/model/store';
import type { TaskPlan } from '@trunkline/model/task';
import { buildTrunk, type TrunkSpec } from '@trunkline/model/trunk';

import { loadTasks } from './load-task.ts';
import { openClient } from './open-client.ts';
import type { TestedTrunk } from './finished-model.ts';
import type { FromTrainer, RequestName, Requests, ToTrainer } from './trainer-protocol.ts';

/** The one thread of the process that loads the native backend and touches data. Two such threads crash it now and then. */
const port = parentPort!;
let plans: TaskPlan[] = [];
let backend: Backend | undefined;
let learner: Learner | undefined;
let best: KeptBest | undefined;
/** What the test split was scored with, as long as heads and adapters are those that were scored. */
let tested: TestedTrunk | undefined;
let spec: unknown;
/** Makes a learner with new heads. */
let anew: () => Promise<Learner>;

type Handlers = { [N in RequestName]: (ask: Requests[N]['ask'], id: number) => Promise<Requests[N]['answer']> };

const built = (): Learner => {
  if (!learner) throw fail('UNEXPECTED', { what: 'the learner was asked before it was built' });
  return learner;
};

const handlers: Handlers = {
  async load({ file, overrides }) {
    plans = await loadTasks(await openClient(file, overrides));
    return {
      tasks: plans.map(({ id, source }) => ({ id, rows: { ...source.sizes } })),
      notes: [...new Set(plans.flatMap(({ source }) => source.notes ?? []))],
    };
  },
  async build({ welcome, client, device, threads }) {
    const trunk = buildTrunk(welcome.spec as TrunkSpec, { at: 'the coordinator’s trunk' });
    if (trunk.digest !== welcome.digest) {
      throw fail('TRUNK_DIFFERS', {
        at: `Client ${client}`,
        found: trunk.digest.slice(0, 12),
        expected: welcome.digest.slice(0, 12),
      });
    }
    backend = await openBackend({ device, threads, convolutional: needsNativeOrCpu(trunk) });
    const { tf } = backend;
    const { seed, weightHeads } = welcome;
    anew = () => createLearner({ tf, trunk, tasks: plans, seed, client, weightHeads });
    learner = await anew();
    best = keepBest(learner);
    spec = trunk.spec;
    const offers: TaskOffer[] = [];
    for (const plan of plans) offers.push(await describeTask(plan, trunk));
    const { name, library, device: found, threads: used, line } = backend;
    return {
      offers,
      machine: { backend: name, library, device: found, threads: used, instructions: instructionSet() },
      line,
    };
  },
  async step({ best: chosen, ...call }, id) {
    if (chosen !== undefined) best!.confirm(chosen);
    tested = undefined;
    const begun = performance.now();
    const { losses, gradients } = await built().step(call);
    const stepMs = performance.now() - begun;
    void sendSlices(id, gradients);
    return { losses, gradients: gradients.map(({ kind, tasks }) => ({ kind, tasks })), stepMs };
  },
  async evaluate({ version, theta, split, keep, best: chosen }) {
    const trunk = chosen === undefined ? theta : best!.restore(chosen);
    const scores = await built().evaluate(trunk, split);
    if (keep) best!.offer(version, theta);
    // A copy: the memory that it came in is used again.
    if (split === 'test') tested = { spec, version: chosen ?? version, values: trunk.slice() };
    return { scores, digests: built().digests() };
  },
  async save({ feedback }) {
    return { bytes: encodeSnapshot({ learner: built().snapshot(), best: best!.snapshot(), feedback }) };
  },
  async restore({ bytes }) {
    tested = undefined;
    if (bytes) {
      const saved = decodeSnapshot(bytes, 'The saved state') as { learner: unknown; best: KeptState };
      built().restore(saved.learner);
      best!.resume(saved.best);
      return {};
    }
    built().dispose();
    learner = await anew();
    best = keepBest(learner);
    return {};
  },
  async snapshot() {
    return { bytes: encodeSnapshot({ ...(built().snapshot() as object), ...(tested && { trunk: tested }) }) };
  },
  async memory() {
    await collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return { tensors: backend?.tf.memory().numTensors ?? 0, heapUsed, arrayBuffers };
  },
};

/**
 * Memory is compared after a collection only: before it, how much garbage lies about is chance. The native library's
 * buffers are given back by finalizers, which run in a later turn of the event loop than the collection that found them.
 */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let pass = 0; pass < 3; pass++) {
    collect();
    await nextTurn();
  }
}

async function sendSlices(id: number, gradients: Awaited<ReturnType<Learner['step']>>['gradients']): Promise<void> {
  // The answer, which names the gradients, goes first.
  await Promise.resolve();
  for (const [gradient, { slices }] of gradients.entries()) {
    for await (const slice of slices)
      post({ type: 'slice', id, gradient, slice }, [slice.values.buffer as ArrayBuffer]);
    post({ type: 'slice', id, gradient, slice: null });
  }
}

const post = (message: FromTrainer, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

// One request at a time, in the order in which they came: state must never be read while a step changes it.
let queue: Promise<void> = Promise.resolve();
port.on('message', (message: ToTrainer) => {
  queue = queue.then(async () => {
    try {
      const handle = handlers[message.name] as (ask: unknown, id: number) => Promise<unknown>;
      post({ type: 'answer', id: message.id, answer: await handle(message.ask, message.id) });
    } catch (thrown) {
      post({ type: 'error', id: message.id, error: toTrunklineError(thrown).report() });
    }
  });
});
