import { fail } from '../fail.ts';
import { limits } from '../limits.ts';
import { createPace, type Pace } from './pace.ts';
import { putScattered, sizeOf, type Scattered } from './scattered.ts';

const { grainBytes, chunkBytes } = limits;

/**
 * A transfer is counted in grains of `limits.grainBytes`, the last one may be short. A chunk carries some grains in a row, as many as its
 * line deserves, and is named by the first.
 */
export const grainCount = (bytes: number): number => Math.max(1, Math.ceil(bytes / grainBytes));

/** Grains `[from, until)` of `bytes`, as a view. */
export const grainsOf = (bytes: Uint8Array, from: number, until: number): Uint8Array =>
  bytes.subarray(from * grainBytes, Math.min(until * grainBytes, bytes.byteLength));

/** Grains that are still to be sent: `[from, until)`, in order. */
export type Missing = [from: number, until: number][];

/** Joins the chunks of one transfer, in any order, into memory that was allocated for the length that this side expects. */
export interface Assembly {
  readonly transfer: string;
  /** Puts one chunk in its place; grains that are there already are taken as a repetition. Returns true once all are there. */
  add(index: number, chunk: Scattered): boolean;
  readonly complete: boolean;
  /** Which grains have not arrived; where the holes are very many, the last ones as one. */
  missing(): Missing;
  /** Bytes that have arrived from the first one on without a gap. */
  readonly unbroken: number;
  /** All bytes; only meaningful once complete. */
  readonly bytes: Uint8Array;
}

/** `length` must come from this side's own knowledge (the trunk's layout), never from the network. */
export function assemble(transfer: string, length: number, into?: Uint8Array): Assembly {
  const bytes = into ?? new Uint8Array(length);
  const count = grainCount(length);
  const arrived = new Uint8Array(count);
  let left = count;
  let unbroken = 0;
  return {
    transfer,
    bytes,
    get complete() {
      return left === 0;
    },
    get unbroken() {
      while (unbroken < count && arrived[unbroken] === 1) unbroken++;
      return Math.min(length, unbroken * grainBytes);
    },
    missing: () => holesOf(arrived),
    add(index, chunk) {
      if (!Number.isInteger(index) || index < 0 || index >= count)
        throw fail('CONTRIBUTION_UNKNOWN', { index, transfer });
      const rest = length - index * grainBytes;
      const size = sizeOf(chunk);
      const whole = size > 0 && size % grainBytes === 0 && size <= rest;
      if (size > chunkBytes || !(whole || size === rest)) {
        const expected = `${rest}, or less in steps of ${grainBytes}`;
        throw fail('MESSAGE_TOO_LARGE', { event: 'chunk', found: size, expected });
      }
      const until = index + grainCount(size);
      for (let grain = index, end; grain < until; grain = end) {
        end = grain + 1;
        // The first bytes of a grain count: what was acknowledged is never overwritten.
        if (arrived[grain] === 1) continue;
        while (end < until && arrived[end] === 0) end++;
        const from = (grain - index) * grainBytes;
        const range = { from, until: Math.min(size, from + (end - grain) * grainBytes), at: grain * grainBytes };
        putScattered(bytes, chunk, range);
        arrived.fill(1, grain, end);
        left -= end - grain;
      }
      return left === 0;
    },
  };
}

function holesOf(arrived: Uint8Array): Missing {
  const holes: [number, number][] = [];
  for (let grain = 0; grain < arrived.length; grain++) {
    if (arrived[grain] === 1) continue;
    const last = holes.at(-1);
    if (last?.[1] === grain) last[1]++;
    else if (last && holes.length >= limits.holes) last[1] = grain + 1;
    else holes.push([grain, grain + 1]);
  }
  return holes;
}

/**
 * Sends what is `missing` of one transfer, no faster than the line's pace allows. `send` resolves when the other side has the
 * chunk; the first failure ends it, once what is on its way has settled.
 */
export async function sendChunks(
  bytes: Uint8Array,
  send: (index: number, chunk: Uint8Array) => Promise<void>,
  options: { missing?: Readonly<Missing> | undefined; pace?: Pace | undefined } = {},
): Promise<void> {
  const { missing = [[0, grainCount(bytes.byteLength)]], pace = createPace() } = options;
  const count = grainCount(bytes.byteLength);
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for (const [from, end] of missing) {
    for (let index = from; index < Math.min(end, count) && failures.length === 0;) {
      const until = Math.min(end, count, index + (await pace.turn()) / grainBytes);
      if (failures.length > 0) break;
      const chunk = grainsOf(bytes, index, until);
      const settled = pace.sent(chunk.byteLength);
      // A failure may settle while this loop waits for something else: it is kept, or it would be lost.
      const sent: Promise<void> = send(index, chunk)
        .then(
          () => settled(true),
          (error: unknown) => {
            failures.push(error);
            settled(false);
          },
        )
        .finally(() => underWay.delete(sent));
      underWay.add(sent);
      index = until;
    }
  }
  await Promise.all(underWay);
  if (failures.length > 0) throw failures[0];
}
