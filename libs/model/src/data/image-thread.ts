import { readFile } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';
import { decodeImage, type ImageForm } from './image-decode.ts';

/** What `image-threads.ts` asks of this thread, and what it answers. */
export interface DecodeCall {
  readonly id: number;
  readonly path: string;
  readonly form: ImageForm;
}
export type DecodeAnswer =
  { readonly id: number; readonly image: Float32Array } | { readonly id: number; readonly problem: string };

// One after the other: what waits is a path, not a file's bytes.
let last: Promise<void> = Promise.resolve();
parentPort?.on('message', (call: DecodeCall) => {
  last = last.then(() => answer(call));
});

async function answer({ id, path, form }: DecodeCall): Promise<void> {
  try {
    const image = decodeImage(await readFile(path), form);
    parentPort!.postMessage({ id, image } satisfies DecodeAnswer, [image.buffer as ArrayBuffer]);
  } catch (cause) {
    parentPort!.postMessage({ id, problem: (cause as Error).message } satisfies DecodeAnswer);
  }
}
