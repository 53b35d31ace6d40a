import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { decodeImage, type ImageForm } from './image-decode.ts';
import { fail } from '@trunkline/protocol';
import type { DecodeAnswer, DecodeCall } from './image-thread.ts';

/** Reads and decodes an image file. @throws Error with the decoder's words; UNEXPECTED where its thread failed */
export type Decode = (path: string, form: ImageForm) => Promise<Float32Array>;

/** Decodes in the thread that asks: for sets that are small, and soon all in the cache. */
export const decodeHere: Decode = async (path, form) => decodeImage(await readFile(path), form);

/**
 * Decodes in threads of their own, so that the thread that trains need not wait: at most two, and one core is left to it. They begin
 * with the first image and never keep a process alive by themselves.
 */
export function createDecodeThreads(count = Math.max(1, Math.min(2, availableParallelism() - 1))): Decode {
  const threads: DecodeThread[] = [];
  let next = 0;
  return (path, form) => {
    if (threads.length < count) threads.push(startThread());
    return threads[next++ % threads.length]!(path, form);
  };
}

type DecodeThread = Decode;

function startThread(): DecodeThread {
  const worker = startWorker();
  const waiting = new Map<number, { resolve: (image: Float32Array) => void; reject: (error: Error) => void }>();
  let calls = 0;
  let ended: Error | undefined;
  const settle = (id: number) => {
    const caller = waiting.get(id)!;
    waiting.delete(id);
    if (waiting.size === 0) worker.unref();
    return caller;
  };
  const end = (error: Error) => {
    ended ??= error;
    for (const id of [...waiting.keys()]) settle(id).reject(error);
  };
  worker.on('message', (answer: DecodeAnswer) => {
    const caller = settle(answer.id);
    if ('image' in answer) caller.resolve(answer.image);
    else caller.reject(new Error(answer.problem));
  });
  const failed = (reason: string) => fail('UNEXPECTED', { what: `The thread that decodes images ended: ${reason}` });
  worker.on('error', (error) => end(failed(String(error))));
  worker.on('exit', (code) => end(failed(`code ${code}`)));
  worker.unref();
  return (path, form) =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended);
      const id = calls++;
      waiting.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage({ id, path, form } satisfies DecodeCall);
    });
}

/** Run from source, a thread needs the loader of TypeScript too. */
function startWorker(): Worker {
  const source = import.meta.url.endsWith('.ts');
  const entry = new URL(source ? './image-thread.ts' : './image-thread.js', import.meta.url);
  if (!source) return new Worker(entry);
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const start = `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(entry.href)}); });`;
  return new Worker(start, { eval: true });
}
