import type { Scattered } from './scattered.ts';

/**
 * ws joins the reads that a frame came in (64 KB each) in new memory before it hands the frame on, and whoever gets it copies it once more into its place: one copy too many
 * for frames of a megabyte, and memory that V8 has to look after. Here they stay as they came. ws offers no such
 * thing, so that this reaches into its receiver; where that looks otherwise, frames are joined as ever. A test says when.
 */
interface Receiver {
  consume(n: number): Buffer;
  readonly _buffers: Buffer[];
  _bufferedBytes: number;
  readonly _payloadLength: number;
  readonly _opcode: number;
  readonly _fin: boolean;
  readonly _fragmented: number;
  readonly _compressed: boolean;
  readonly _masked: boolean;
  readonly _mask: Uint8Array | undefined;
}

/** Smaller frames come in one or two reads. */
const LEAST = 65_536;
const BINARY = 2;

/**
 * What stands for a frame on its way through ws and engine.io is its first part, which carries all of them. Not in a `WeakMap`: V8 then keeps the parts
 * until a full collection, and a frame of 1 MB costs 0.7 ms more.
 */
const PARTS = Symbol('parts');
interface First extends Uint8Array {
  [PARTS]?: readonly Uint8Array[];
}

/** A frame that reached the decoder, with all that belongs to it. */
export const wholeOf = (frame: Uint8Array): Scattered => (frame as First)[PARTS] ?? frame;

/** Large binary frames of this WebSocket reach the decoder as they came. @param socket of ws, open */
export function leaveUnjoined(socket: object): void {
  const { _receiver: receiver } = socket as { _receiver?: Receiver };
  if (!receiver || typeof receiver.consume !== 'function' || !Array.isArray(receiver._buffers)) return;
  const joined = receiver.consume.bind(receiver);
  receiver.consume = (n) => (n >= LEAST && isPlain(receiver, n) ? firstOf(receiver, n) : joined(n));
}

/** The whole of a binary message, and no mask to take off. */
const isPlain = (receiver: Receiver, n: number): boolean =>
  n === receiver._payloadLength &&
  receiver._opcode === BINARY &&
  receiver._fin &&
  receiver._fragmented === 0 &&
  !receiver._compressed &&
  !(receiver._masked && receiver._mask?.some((byte) => byte !== 0));

function firstOf(receiver: Receiver, n: number): Buffer {
  const { _buffers: buffers } = receiver;
  const taken: Buffer[] = [];
  let left = n;
  while (left > 0) {
    const next = buffers[0]!;
    const part = next.byteLength > left ? next.subarray(0, left) : next;
    if (part === next) buffers.shift();
    else buffers[0] = next.subarray(left);
    taken.push(part);
    left -= part.byteLength;
  }
  receiver._bufferedBytes -= n;
  const first: Buffer & First = taken[0]!;
  if (taken.length > 1) first[PARTS] = taken;
  return first;
}
