import { clientEvents, coordinatorEvents, Decoder } from '@trunkline/protocol';
import { randomStream } from '@trunkline/model/random';
import { mutate } from './mutate.ts';
import { sessionFrames } from './session-frames.ts';

export interface Fed {
  /** How many frames were refused by the parser, how many by a schema, and how many were a message in order. */
  readonly parser: number;
  readonly schema: number;
  readonly message: number;
  /** The longest that one frame took, in milliseconds. */
  readonly slowest: number;
}

const events: Record<string, { safeParse(value: unknown): { success: boolean } }> = {
  ...clientEvents,
  ...coordinatorEvents,
};

/** What becomes of one frame, and how long that took. */
function feed(frame: Uint8Array): { gate: 'parser' | 'schema' | 'message'; ms: number } {
  const decoder = new Decoder();
  let packet: { type: number; data?: unknown } | undefined;
  decoder.on('decoded', (one: { type: number; data?: unknown }) => (packet = one));
  const begun = performance.now();
  let refused = false;
  try {
    decoder.add(frame);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    refused = true;
  }
  // Where a chunk is announced the packet waits for it; its message is not looked at before.
  const [name, message] = packet?.type === 2 ? (packet.data as [string, unknown]) : [];
  const schema = name !== undefined && Object.hasOwn(events, name) ? events[name] : undefined;
  const inOrder = schema?.safeParse(message).success ?? false;
  return { gate: refused ? 'parser' : inOrder ? 'message' : 'schema', ms: performance.now() - begun };
}

/** Feeds `count` mutated frames to the parser and the schemas behind it. Whatever they throw that is no Error comes out of here. */
export function feedFrames(seed: number, count: number): Fed {
  const random = randomStream(seed, 'frames');
  const found = { parser: 0, schema: 0, message: 0, slowest: 0 };
  for (let i = 0; i < count; i++) {
    const frame = mutate(sessionFrames, random);
    const { gate, ms } = feed(frame);
    found[gate]++;
    // A busy machine may stop any frame for a while, but not the same one each time.
    const own = ms < 20 ? ms : Math.min(ms, feed(frame).ms, feed(frame).ms);
    found.slowest = Math.max(found.slowest, own);
  }
  return found;
}
