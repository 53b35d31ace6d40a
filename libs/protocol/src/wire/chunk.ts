import { fail } from '../fail.ts';
import { limits } from '../limits.ts';

export const chunkCount = (bytes: number): number => Math.max(1, Math.ceil(bytes / limits.chunkBytes));

/** Chunk `index` of `bytes`, as a view. */
export const chunkOf = (bytes: Uint8Array, index: number): Uint8Array =>
  bytes.subarray(index * limits.chunkBytes, Math.min((index + 1) * limits.chunkBytes, bytes.byteLength));

/** Joins the chunks of one transfer, in any order, into memory that was allocated for the length that this side expects. */
export interface Assembly {
  readonly transfer: string;
  /** Puts one chunk in its place; a chunk that is there already is taken as a repetition. Returns true once all are there. */
  add(index: number, chunk: Uint8Array): boolean;
  readonly complete: boolean;
  /** Which chunks have not arrived, in order. */
  missing(): number[];
  /** All bytes; only meaningful once complete. */
  readonly bytes: Uint8Array;
}

/** `length` must come from this side's own knowledge (the trunk's layout), never from the network. */
export function assemble(transfer: string, length: number, into?: Uint8Array): Assembly {
  const bytes = into ?? new Uint8Array(length);
  const count = chunkCount(length);
  const arrived = new Uint8Array(count);
  let left = count;
  return {
    transfer,
    bytes,
    get complete() {
      return left === 0;
    },
    missing: () => [...arrived.keys()].filter((index) => arrived[index] === 0),
    add(index, chunk) {
      if (!Number.isInteger(index) || index < 0 || index >= count)
        throw fail('CONTRIBUTION_UNKNOWN', { index, transfer });
      const expected = Math.min(limits.chunkBytes, length - index * limits.chunkBytes);
      if (chunk.byteLength !== expected)
        throw fail('MESSAGE_TOO_LARGE', { event: 'chunk', found: chunk.byteLength, expected });
      if (arrived[index] === 0) {
        bytes.set(chunk, index * limits.chunkBytes);
        arrived[index] = 1;
        left--;
      }
      return left === 0;
    },
  };
}

/**
 * Sends the chunks of one transfer with at most `limits.chunksInFlight` unacknowledged. `send` resolves when the other side has
 * the chunk; the first failure ends it, once what is on its way has settled. `credit` resolves when chunk `index` may be sent: that is how a coordinator short of memory holds uploads back.
 */
export async function sendChunks(
  bytes: Uint8Array,
  send: (index: number, chunk: Uint8Array) => Promise<void>,
  credit?: (index: number) => Promise<void>,
): Promise<void> {
  const count = chunkCount(bytes.byteLength);
  const inFlight = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for (let index = 0; index < count && failures.length === 0; index++) {
    await credit?.(index);
    if (inFlight.size >= limits.chunksInFlight) await Promise.race(inFlight);
    // A failure may settle while this loop waits for something else: it is kept, or it would be lost.
    const sent: Promise<void> = send(index, chunkOf(bytes, index))
      .catch((error: unknown) => void failures.push(error))
      .finally(() => inFlight.delete(sent));
    inFlight.add(sent);
  }
  await Promise.all(inFlight);
  if (failures.length > 0) throw failures[0];
}
