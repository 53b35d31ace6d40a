import { Worker } from 'node:worker_threads';
import { fail, fromReport } from '@trunkline/protocol';
import { backendEnvironment } from '@trunkline/model/backend';
import type { GradientSlice, LearnedGradient, TaskLoss } from '@trunkline/model/learner';
import type { FromTrainer, RequestName, Requests } from './trainer-protocol.ts';

/** The main thread's handle on the training thread. */
export interface Trainer {
  ask<N extends Exclude<RequestName, 'step'>>(name: N, ask: Requests[N]['ask']): Promise<Requests[N]['answer']>;
  step(
    call: Requests['step']['ask'],
  ): Promise<{ losses: readonly TaskLoss[]; gradients: readonly LearnedGradient[]; stepMs: number }>;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

export function openTrainer(options: { device: 'auto' | 'gpu' | 'cpu'; threads: number }): Trainer {
  // The library reads these when it loads, from the process's own environment: a worker's copy would come too late.
  Object.assign(process.env, backendEnvironment(options));
  const worker = startWorker();
  const waiting = new Map<number, Waiting>();
  const slices = new Map<number, Map<number, SliceQueue>>();
  let next = 0;
  let ended: Error | undefined;

  const queueOf = (id: number, gradient: number): SliceQueue => {
    const ofStep = slices.get(id) ?? new Map<number, SliceQueue>();
    slices.set(id, ofStep);
    const queue = ofStep.get(gradient) ?? sliceQueue();
    ofStep.set(gradient, queue);
    return queue;
  };
  const forget = (id: number, gradient: number) => {
    const ofStep = slices.get(id)!;
    ofStep.delete(gradient);
    if (ofStep.size === 0) slices.delete(id);
  };
  const end = (error: Error) => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(error);
    for (const ofStep of slices.values()) for (const queue of ofStep.values()) queue.fail(error);
    waiting.clear();
  };
  worker.on('message', (message: FromTrainer) => {
    if (message.type === 'slice') {
      queueOf(message.id, message.gradient).push(message.slice);
      // The consumer took its queue when the answer came, which is before any slice.
      if (message.slice === null) forget(message.id, message.gradient);
      return;
    }
    const request = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.type === 'answer') request?.resolve(message.answer);
    else request?.reject(fromReport(message.error));
  });
  worker.on('error', (error) => end(fail('TRAINER_CRASHED', { reason: error.message }, error)));
  worker.on('exit', (code) => end(fail('TRAINER_CRASHED', { reason: `it ended with code ${code}` })));

  const send = (name: RequestName, ask: unknown, id: number) =>
    new Promise<unknown>((resolve, reject) => {
      if (ended) return reject(ended);
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, name, ask });
    });
  return {
    ask: (name, ask) => send(name, ask, next++) as never,
    async step(call) {
      const id = next++;
      const { losses, gradients, stepMs } = (await send('step', call, id)) as Requests['step']['answer'];
      const learned = gradients.map(({ kind, tasks }, gradient) => ({
        kind,
        tasks,
        slices: queueOf(id, gradient).slices,
      }));
      return { losses, gradients: learned, stepMs };
    },
    async close() {
      await worker.terminate();
    },
  };
}

/** Run from source, a worker of Node 20 does not inherit the loader that understands TypeScript: it registers it itself. */
function startWorker(): Worker {
  const source = import.meta.url.endsWith('.ts');
  const entry = new URL(source ? './trainer-thread.ts' : './trainer-thread.js', import.meta.url);
  if (!source) return new Worker(entry);
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const start = `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(entry.href)}); });`;
  return new Worker(start, { eval: true });
}

interface SliceQueue {
  push(slice: GradientSlice | null): void;
  fail(error: Error): void;
  readonly slices: AsyncIterable<GradientSlice>;
}

/** Slices as they come from the other thread, for one consumer. */
function sliceQueue(): SliceQueue {
  const held: (GradientSlice | null)[] = [];
  let wake: () => void = () => undefined;
  let error: Error | undefined;
  return {
    push(slice) {
      held.push(slice);
      wake();
    },
    fail(reason) {
      error = reason;
      wake();
    },
    slices: {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          while (held.length === 0) {
            if (error) throw error;
            await new Promise<void>((resolve) => (wake = resolve));
          }
          const slice = held.shift()!;
          if (slice === null) return;
          yield slice;
        }
      },
    },
  };
}
