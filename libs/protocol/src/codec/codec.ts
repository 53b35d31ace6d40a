import { z } from 'zod';
import { placesBytes } from './places.ts';

/**
 * How the values of a tensor are written; the tag goes with every transfer. `f32`: float32. `float16`, `bfloat16`: two bytes a value. `int8`: the
 * scales of all chunks of `INT8_CHUNK` values, float32, then a signed byte a value. `topk`: float32 values, then the places they belong to, as
 * `packPlaces` writes them; all others are zero. `delta`: how the bits of the values differ from those of a vector that both sides hold. All little-endian.
 */
export const ENCODINGS = ['f32', 'float16', 'bfloat16', 'int8', 'topk', 'delta'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** Values that share a scale: 0.4 % more bytes than one scale for all, and half the error on Gaussian values. */
export const INT8_CHUNK = 1024;

/** Codecs that round every value. */
export const DENSE = ['float16', 'bfloat16', 'int8'] as const;
const dense = z.strictObject({ name: z.enum(DENSE) });

/** The part of all entries that is sent, and how much of the velocity is kept from round to round: DGC, Lin et al., ICLR 2018. */
export const topkFields = {
  fraction: z.number().positive().max(0.5),
  momentum: z.number().nonnegative().lt(1),
};

/** A run's codecs, as its coordinator asks clients for them; left out: float32. */
export const codecField = z.strictObject({
  up: z.discriminatedUnion('name', [dense, z.strictObject({ name: z.literal('topk'), ...topkFields })]).optional(),
  down: z.discriminatedUnion('name', [dense, z.strictObject({ name: z.literal('delta') })]).optional(),
});
export type Codecs = z.infer<typeof codecField>;
export type UplinkCodec = NonNullable<Codecs['up']>;
export type DownlinkCodec = NonNullable<Codecs['down']>;
export type DenseCodec = z.infer<typeof dense>;

/** Rounds start from another trunk than the one that is scored. Not so with `delta`: what comes out is what went in, bit for bit. */
export const isLossy = (codec: DownlinkCodec): codec is DenseCodec => codec.name !== 'delta';

/** Entries of `length` that `topk` sends: at least one. */
export const entriesOf = (fraction: number, length: number): number =>
  Math.min(length, Math.max(1, Math.ceil(fraction * length)));

/**
 * Bytes of `length` values in `encoding`, of `delta` at the most: known before anything is received. It is only chosen where it is less than float32.
 * `codec`: what `topk` needs to know of the run.
 */
export function codedBytes(encoding: Encoding, length: number, codec: UplinkCodec | undefined): number {
  switch (encoding) {
    case 'f32':
    case 'delta':
      return length * 4;
    case 'float16':
    case 'bfloat16':
      return length * 2;
    case 'int8':
      return Math.ceil(length / INT8_CHUNK) * 4 + length;
    case 'topk': {
      if (codec?.name !== 'topk') throw new RangeError('the bytes of `topk` depend on its fraction');
      const entries = entriesOf(codec.fraction, length);
      return entries * 4 + placesBytes(entries, length);
    }
  }
}

/**
 * The codec of one kind of contribution. What is only looked at, and never fed back, keeps every value: the largest 1 % of a row say little of its
 * angle to others.
 */
export const codecOfKind = (kind: string, up: UplinkCodec | undefined): UplinkCodec | undefined =>
  up?.name === 'topk' && kind !== 'sum' && kind !== 'row' ? { name: 'int8' } : up;

/** What of a run's codecs a side with these capabilities takes part in; the rest stays float32. undefined: nothing. */
export function codecsFor({ up, down }: Codecs, capabilities: readonly string[]): Codecs | undefined {
  const knows = ({ name }: UplinkCodec | DownlinkCodec) => capabilities.includes(name);
  const both = { ...(up && knows(up) ? { up } : {}), ...(down && knows(down) ? { down } : {}) };
  return both.up || both.down ? both : undefined;
}
