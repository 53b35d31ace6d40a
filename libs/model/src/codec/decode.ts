import {
  entriesOf,
  fail,
  floatsOf,
  unpackPlaces,
  type DownlinkCodec,
  type Encoding,
  type UplinkCodec,
} from '@trunkline/protocol';
import { allFinite } from '../aggregation/finite.ts';
import { kernels } from '../kernel/index.ts';
import { anyNotFinite, halvesOf } from './half-floats.ts';
import { int8Of } from './int8-bytes.ts';

export interface Received {
  readonly encoding: Encoding;
  /** As many as `codedBytes` says, from a place that is a multiple of four. */
  readonly bytes: Uint8Array;
  /** Of the run; only `topk` reads it. */
  readonly codec: UplinkCodec | DownlinkCodec | undefined;
  /** What `delta` is told from, as many values. */
  readonly base?: Float32Array;
  /** What an error calls it: "The sum of a for round 3". */
  readonly what: string;
}

/**
 * The values of bytes that came over the network, written into `into`; its length says how many there are. Every value is finite afterwards, of `delta` if it was before: a side
 * that keeps to the codec sends what is not finite as float32. That one is a view of the bytes: the result is not `into` then, and may be anything.
 * @throws CODED_INVALID: scales that are negative, not finite or too large, codes that are no finite number, places out of range or not ascending, differences of more or fewer values
 */
export function decodeValues({ encoding, bytes, codec, base, what }: Received, into: Float32Array): Float32Array {
  const refuse = (problem: string) => fail('CODED_INVALID', { what, encoding, problem });
  switch (encoding) {
    case 'f32':
      return floatsOf(bytes);
    case 'float16':
    case 'bfloat16': {
      const codes = halvesOf(bytes);
      if (anyNotFinite(codes, encoding)) throw refuse('a value is not finite');
      kernels()[encoding === 'float16' ? 'decodeFloat16' : 'decodeBfloat16'](codes, into);
      return into;
    }
    case 'int8': {
      const vector = int8Of(bytes, into.length);
      const wrong = vector.scales.find((scale) => !(scale >= 0 && scale < Infinity));
      if (wrong !== undefined) throw refuse(`a scale is ${wrong}`);
      kernels().decodeInt8(vector, into);
      // Only next to the end of float32 can a finite scale lead past it.
      if (vector.scales.some((scale) => scale > 2 ** 120) && !allFinite(into)) throw refuse('a value is not finite');
      return into;
    }
    case 'topk': {
      const entries = entriesOf(codec?.name === 'topk' ? codec.fraction : 0, into.length);
      const values = floatsOf(bytes.subarray(0, entries * 4));
      if (!allFinite(values)) throw refuse('a value is not finite');
      const places = unpackPlaces(bytes.subarray(entries * 4), entries, into.length);
      if (typeof places === 'string') throw refuse(places);
      into.fill(0);
      for (let i = 0; i < entries; i++) into[places[i]!] = values[i]!;
      return into;
    }
    case 'delta':
      if (!base || !kernels().decodeDelta(base, bytes, into)) throw refuse('it is not of this length');
      return into;
  }
}
