import { allFinite } from '../aggregation/finite.ts';
import { codedBytes, entriesOf, packPlaces, type UplinkCodec } from '@trunkline/protocol';
import { kernels, roomFor } from '../kernel/index.ts';
import { asFloat32, type Coded } from './coded.ts';
import { decodeValues } from './decode.ts';
import { encodeValues } from './encode.ts';
import { int8Of } from './int8-bytes.ts';

/** What one stream has not sent yet, and, with momentum correction, its velocity. */
interface Kept {
  readonly residual: Float32Array;
  readonly velocity?: Float32Array;
}

/** Plain data, by stream. */
export type FeedbackState = Readonly<Record<string, Kept>>;

/**
 * Lossy codes of vectors that follow one another, so that nothing is lost for good: what a code leaves out of u = residual + values stays behind in the
 * residual and goes with a later vector (error feedback, Karimireddy et al., ICML 2019). The sum of all that was decoded and the residual is the sum
 * of all that went in, up to float32 rounding.
 *
 * `topk` keeps a velocity ← momentum · velocity + values per stream, adds that to the residual instead, and forgets both where an entry is sent
 * (momentum correction and factor masking: Lin et al., ICLR 2018). `float16` and `bfloat16` round each vector by itself and keep nothing.
 */
export interface ErrorFeedback {
  /** The codec leaves something out: there is a state to save. */
  readonly keeps: boolean;
  /** The next vector of a stream; streams do not know of each other. What is not finite, or beyond the codec, goes as float32 and leaves the stream as it was. */
  encode(stream: string, values: Float32Array): Coded;
  /** What was encoded last did not count: it goes with a later vector. */
  giveBack(stream: string, coded: Coded): void;
  /** A copy; undefined: nothing is kept. */
  snapshot(): FeedbackState | undefined;
  /** undefined: as new. */
  restore(state: FeedbackState | undefined): void;
}

/** @param codec undefined: float32 @param length values of each vector */
export function createErrorFeedback(codec: UplinkCodec | undefined, length: number): ErrorFeedback {
  const streams = new Map<string, Kept>();
  const keeps = codec?.name === 'int8' || codec?.name === 'topk';

  const keptOf = (stream: string): Kept => {
    const known = streams.get(stream);
    if (known) return known;
    const moves = codec?.name === 'topk' && codec.momentum > 0;
    // Where the kernels write them without a copy.
    const room = roomFor(moves ? 2 : 1, length);
    const kept = { residual: room.float32(length), ...(moves ? { velocity: room.float32(length) } : {}) };
    streams.set(stream, kept);
    return kept;
  };
  const encoders = {
    int8(values: Float32Array, { residual }: Kept): Coded | null {
      // Codes and scales are all written: zeros before that cost as much as the codes.
      const bytes = Buffer.allocUnsafeSlow(codedBytes('int8', length, codec));
      return kernels().encodeInt8(values, residual, int8Of(bytes, length)) ? { bytes, encoding: 'int8' } : null;
    },
    topk(values: Float32Array, { residual, velocity }: Kept): Coded | null {
      const { fraction, momentum } = codec as Extract<UplinkCodec, { name: 'topk' }>;
      if (velocity) kernels().feedbackVelocity(residual, velocity, values, momentum);
      else kernels().add(residual, values);
      const largest = kernels().largest(residual, entriesOf(fraction, length));
      if (!largest) return null;
      const bytes = new Uint8Array(codedBytes('topk', length, codec));
      const ends = largest.values.byteLength;
      new Float32Array(bytes.buffer, 0, largest.values.length).set(largest.values);
      packPlaces(largest.places, length, bytes.subarray(ends));
      for (const place of largest.places) {
        residual[place] = 0;
        if (velocity) velocity[place] = 0;
      }
      return { bytes, encoding: 'topk' };
    },
  };
  return {
    keeps,
    encode(stream, values) {
      if (!codec) return asFloat32(values);
      if (codec.name !== 'int8' && codec.name !== 'topk') return encodeValues(codec, values);
      if (!allFinite(values)) return asFloat32(values);
      const coded = encoders[codec.name](values, keptOf(stream));
      if (coded) return coded;
      // Both finite, their sum is not: the residual has no meaning any more, and the values go as they are.
      streams.delete(stream);
      return asFloat32(values);
    },
    giveBack(stream, { bytes, encoding }) {
      if (encoding === 'f32' || !keeps) return;
      const values = decodeValues({ bytes, encoding, codec, what: 'What was sent' }, new Float32Array(length));
      kernels().add(keptOf(stream).residual, values);
    },
    snapshot() {
      // Not `structuredClone`: it takes the whole room with each vector.
      const copies = [...streams].map(([stream, { residual, velocity }]) => {
        return [stream, { residual: residual.slice(), ...(velocity && { velocity: velocity.slice() }) }] as const;
      });
      return copies.length > 0 ? Object.fromEntries(copies) : undefined;
    },
    restore(state = {}) {
      streams.clear();
      for (const [stream, { residual, velocity }] of Object.entries(state)) {
        const kept = keptOf(stream);
        kept.residual.set(residual);
        if (velocity) kept.velocity?.set(velocity);
      }
    },
  };
}
