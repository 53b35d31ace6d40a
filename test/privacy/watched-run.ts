import {
  converse,
  heldStates,
  loadTasks,
  openRunStates,
  runStateFolder,
  type ConversationDeps,
} from '@trunkline/client';
import { planRun, type RunEvent } from '@trunkline/coordinator';
import { bytesOf, Encoder, fail, toTrunklineError } from '@trunkline/protocol';
import { openBackend } from '@trunkline/model/backend';
import { createLearner, describeTask, keepBest, type KeptBest, type Learner } from '@trunkline/model/learner';
import { encodeSnapshot } from '@trunkline/model/store';
import { buildTrunk, type TrunkSpec } from '@trunkline/model/trunk';
import { startCoordinator } from '../faults/simulator/coordinator.ts';
import { createStorage } from '../faults/simulator/disk.ts';
import { openLink } from '../faults/simulator/link.ts';
import { createNetwork } from '../faults/simulator/network.ts';
import { createWorld, type Process } from '../faults/simulator/world.ts';
import type { Job } from '../simulate/job.ts';
import { arraysOf } from './canaries.ts';
import { isPair, type Canaries } from './secret.ts';
import type { Evidence } from './evidence.ts';
import type { Ending } from './random-model.ts';

/** Where a secret is planted: in a gradient, in a checkpoint, in what a client says when it goes, in an error. */
export type Plant = 'gradient' | 'checkpoint' | 'reason' | 'error';

export interface Watched {
  readonly evidence: Evidence;
  /** Heads, adapters and their moments, as they were after each step. */
  readonly canaries: readonly Canaries[];
  readonly rounds: number;
  /** How everyone ended: `finished`, or the code of an error. */
  readonly ends: readonly string[];
}

/** What a client's owner is told of his own files, before anything is connected. */
export const TO_OWNER = 'to its owner';

const AGAIN_MS = 300;
const MOST_EVENTS = 100_000;
const TROUBLE_AT = 60;

/**
 * A run in one process and in virtual time: the coordinator's core, its journal and checkpoints, each client's conversation and its real learner; the
 * line between them carries encoded packets. All of them are kept, with every file of the coordinator, every event and every error.
 */
export async function watchRun(job: Job, ending: Ending, plant?: Plant): Promise<Watched> {
  const world = createWorld(job.config.seed);
  const network = createNetwork(world);
  const plan = planRun(job.config);
  const tasks = Object.fromEntries(job.clients.map(({ config }) => [config.client, config.tasks.map(({ id }) => id)]));
  const variant = { name: job.config.run, plan, exact: true, clients: tasks };
  const encoder = new Encoder();
  const kept = { up: [] as Uint8Array[], down: [] as Uint8Array[] };
  const keep = (way: 'up' | 'down', event: string, ...args: unknown[]) =>
    void kept[way].push(...encoder.encode({ type: 2, nsp: '/', data: [event, ...args] }));
  const events: RunEvent[] = [];
  const said: string[] = [];
  const owner: string[] = [];
  const ends: string[] = [];
  const canaries: Canaries[] = [];
  const learners: Learner[] = [];
  /** Requests to learners that real time passes for: virtual time stands still. */
  const busy = new Set<Promise<unknown>>();
  const storage = createStorage(world);
  let coordinator: Process;
  let left = 1;
  const start = () => {
    coordinator = startCoordinator(world, variant, {
      ...{ network, storage, planted: undefined },
      heard: (event) => void events.push(event),
      sent: () => undefined,
      ended(outcome) {
        ends.push(outcome.kind === 'failed' ? outcome.error.code : outcome.kind);
        if (outcome.kind === 'failed') said.push(JSON.stringify(outcome.error.report()));
        left--;
      },
    });
  };
  start();

  const secret = (): number[] => {
    const { numbers } = canaries.find(({ numbers = [] }) => isPair(numbers[0]!, numbers[1]!))!;
    return Array.from(numbers!).slice(0, 2);
  };
  const trainerOf = async (
    process: Process,
    { config }: Job['clients'][number],
  ): Promise<ConversationDeps['trainer']> => {
    const plans = await loadTasks(config);
    let learner: Learner;
    let best: KeptBest;
    const note = (when: string) => {
      const name = `${config.client}, ${when}`;
      canaries.push(...arraysOf(learner.snapshot(), name).map((array) => ({ ...array, alone: false })));
    };
    const handlers: Record<string, (ask: never) => unknown> = {
      async build({ welcome }: { welcome: { spec: TrunkSpec; seed: number; weightHeads: boolean } }) {
        const trunk = buildTrunk(welcome.spec, { at: 'the coordinator’s trunk' });
        const { tf, name, library, device, line } = await openBackend({ device: 'cpu', threads: 1 });
        const { seed, weightHeads } = welcome;
        learner = await createLearner({ tf, trunk, tasks: plans, seed, client: config.client, weightHeads });
        best = keepBest(learner);
        learners.push(learner);
        note('at first');
        const offers = [];
        for (const task of plans) offers.push(await describeTask(task, trunk));
        return { offers, machine: { backend: name, library, device, threads: 1, instructions: 'any' }, line };
      },
      async evaluate({
        version,
        theta,
        split,
        keep: wanted,
      }: {
        version: number;
        theta: Float32Array;
        split: 'validation' | 'test';
        keep: boolean;
      }) {
        const scores = await learner.evaluate(theta, split);
        if (wanted) best.offer(version, theta);
        return { scores, digests: learner.digests() };
      },
      save: () => ({ bytes: encodeSnapshot({ learner: learner.snapshot(), best: best.snapshot() }) }),
      restore: () => ({}),
      snapshot: () => ({ bytes: encodeSnapshot(learner.snapshot()) }),
      async step(call: Parameters<Learner['step']>[0]) {
        if (plant === 'error' && call.round === 1)
          throw fail('UNEXPECTED', { what: `a head that begins with ${secret().join(', ')}` });
        const { losses, gradients } = await learner.step(call);
        const whole = [];
        for (const { kind, tasks: of, slices } of gradients) {
          const parts = [];
          for await (const slice of slices) parts.push(slice);
          if (plant === 'gradient' && parts[0]) parts[0].values.set(secret());
          whole.push({
            kind,
            tasks: of,
            slices: (async function* () {
              yield* parts;
            })(),
          });
        }
        note(`round ${call.round}`);
        return { losses, gradients: whole, stepMs: 1 };
      },
    };
    let queue: Promise<unknown> = Promise.resolve();
    const inTurn = (name: string, ask: unknown): Promise<never> => {
      const asked = queue.then(() => handlers[name]!(ask as never));
      queue = asked.catch(() => undefined);
      busy.add(queue);
      void queue.then(() => busy.delete(queue));
      const mine = queue;
      void mine.then(() => busy.delete(mine));
      return asked.then(
        (answer) => new Promise((done) => void world.after(1, name, () => done(answer as never), process)),
      );
    };
    return { ask: inTurn, step: (call) => inTurn('step', call), close: async () => undefined };
  };

  const watched =
    (open: ConversationDeps['link']): ConversationDeps['link'] =>
    (deps) => {
      const handlers = Object.fromEntries(
        Object.entries(deps.handlers).map(([event, handle]) => [
          event,
          (message: unknown, bytes?: Uint8Array) => {
            keep('down', event, message, ...(bytes ? [bytes] : []));
            return (handle as (message: unknown, bytes?: Uint8Array) => unknown)(message, bytes);
          },
        ]),
      ) as unknown as typeof deps.handlers;
      const link = open({ ...deps, handlers });
      return {
        ...link,
        get pace() {
          return link.pace;
        },
        request(event, message) {
          keep('up', event, message);
          return link.request(event, message);
        },
        chunk(message, bytes) {
          keep('up', 'chunk', message, bytes);
          return link.chunk(message, bytes);
        },
      };
    };

  for (const client of job.clients) {
    const { config } = client;
    const process = world.begin(config.client);
    let trainer: ConversationDeps['trainer'];
    try {
      trainer = await trainerOf(process, client);
    } catch (thrown) {
      // Bad data ends a client before it is connected: its coordinator hears nothing of it.
      const error = toTrunklineError(thrown);
      ends.push(error.code);
      owner.push(JSON.stringify(error.report()));
      continue;
    }
    left++;
    const disk = createStorage(world).of(process);
    const held = heldStates(disk, 'state', config.client);
    const talk = converse(config, {
      ...{ url: 'http://coordinator', threads: 1, held, trainer, clock: process.clock },
      states: (label) =>
        openRunStates(disk, runStateFolder('state', label.run, config.client), {
          label,
          before: undefined,
          said: (file, problem) => void said.push(`${file}: ${problem}`),
        }),
      link: watched(openLink(world, network, { client: config.client, process })),
      emit(event) {
        said.push(JSON.stringify(event));
        if (plant === 'reason' && event.event === 'round' && event.round === 1)
          void talk.close(`no head can be saved that begins with ${secret().join(', ')}`);
      },
      agree: async () => true,
    });
    void talk.done.then((outcome) => {
      ends.push(outcome.kind === 'failed' ? outcome.error.code : outcome.kind);
      if (outcome.kind === 'failed') said.push(JSON.stringify(outcome.error.report()));
      left--;
    });
  }
  if (job.clients.length > 0 && left === 1) left = 0;

  let struck = false;
  const trouble = () => {
    struck = true;
    if (ending === 'revoked') {
      for (const line of network.lines) {
        line.emit('coordinator', 'refused', [fail('CLIENT_REVOKED', { client: line.way.client }).report()]);
        line.close('coordinator', 'server namespace disconnect', 'io server disconnect');
      }
    }
    if (ending !== 'crash') return;
    const stopped = coordinator;
    stopped.kill();
    network.died(stopped);
    world.after(0, 'no power', storage.loseUnsynced);
    world.after(AGAIN_MS, 'again', start);
  };
  let changes = 0;
  // In the middle of a write: some of its bytes are there.
  storage.watch((process) => {
    if (ending === 'crash' && !struck && process === coordinator && ++changes > TROUBLE_AT / 2) trouble();
  });
  world.watch(() => {
    if (ending === 'revoked' && !struck && world.events > TROUBLE_AT) trouble();
  });
  const settled = () =>
    left <= 0 || (ends.length > 0 && ends.every((end) => end !== 'finished') && ends.length >= job.clients.length);
  for (;;) {
    const how = await world.run(() => settled() || busy.size > 0, { most: MOST_EVENTS, untilMs: Infinity });
    if (busy.size > 0) await Promise.all(busy);
    else if (how !== 'over' || settled()) break;
  }
  for (const learner of learners) learner.dispose();
  if (plant === 'checkpoint') {
    const [name] = storage.inside.list('runs/one/checkpoints').filter((file) => file.endsWith('.safetensors'));
    const file = storage.of(world.begin('leak')).open(`runs/one/checkpoints/${name}`, 'append');
    file.write(bytesOf(Float32Array.from(secret())));
  }

  const files = (folder: string): string[] =>
    storage.inside.list(folder).flatMap((name) => {
      const path = `${folder}/${name}`;
      return storage.inside.read(path) ? [path] : files(path);
    });
  const evidence = new Map<string, Buffer>([
    ['up', Buffer.concat(kept.up)],
    ['down', Buffer.concat(kept.down)],
    ['events', Buffer.from(events.map((event) => JSON.stringify(event)).join('\n'))],
    ['said', Buffer.from(said.join('\n'))],
    [TO_OWNER, Buffer.from(owner.join('\n'))],
    ...files('runs').map((path) => [path, Buffer.from(storage.inside.read(path)!)] as const),
  ]);
  return { evidence, canaries, rounds: events.filter(({ event }) => event === 'round').length, ends };
}
