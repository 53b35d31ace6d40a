import { codecOfKind, sha256, type ContributionMessage, type Encoding, type UplinkCodec } from '@trunkline/protocol';
import { asFloat32, encodeValues, type ErrorFeedback } from '@trunkline/model/codec';
import type { Layout } from '@trunkline/model/layout';
import type { GradientSlice } from '@trunkline/model/learner';

/**
 * What leaves a client, in one fixed order: clip → noise → compress → mask → encode. Each stage takes only what the one before
 * it gives, so that another order does not compile: noise on an unclipped gradient, or a mask under a lossy code, are
 * type errors. Stages that a run does not use pass their input on.
 */
declare const stage: unique symbol;
type Staged<S extends string> = Float32Array & { readonly [stage]: S };

/** A gradient of exactly the trunk's parameters: the only thing that can enter the pipeline. */
export type TrunkGradient = Staged<'raw'>;
type Clipped = Staged<'clipped'>;
type Noised = Staged<'noised'>;
interface Coded {
  readonly [stage]: 'coded';
  readonly bytes: Uint8Array;
  readonly encoding: Encoding;
}
interface Masked extends Omit<Coded, typeof stage> {
  readonly [stage]: 'masked';
}

/** Bytes that may be sent, with their hash and how they are written. */
export interface Outgoing {
  readonly bytes: Uint8Array;
  readonly encoding: Encoding;
  readonly sha256: string;
}

/**
 * Gathers the slices of one gradient. Throws when they are not exactly the trunk's parameters, each once: nothing else, no head
 * and no adapter, can be taken for a trunk gradient.
 */
export async function trunkGradient(layout: Layout, slices: AsyncIterable<GradientSlice>): Promise<TrunkGradient> {
  let whole: Float32Array | undefined;
  let next = 0;
  for await (const { offset, values } of slices) {
    if (offset !== next || offset + values.length > layout.length)
      throw new RangeError('a gradient slice lies outside the trunk');
    if (values.length === layout.length) whole = values;
    else (whole ??= new Float32Array(layout.length)).set(values, offset);
    next += values.length;
  }
  if (next !== layout.length || !whole)
    throw new RangeError(`a gradient has ${next} of the trunk's ${layout.length} parameters`);
  return whole as TrunkGradient;
}

const clip = (gradient: TrunkGradient): Clipped => gradient as Float32Array as Clipped;
const noise = (gradient: Clipped): Noised => gradient as Float32Array as Noised;
const compress = (gradient: Noised, { codec, feedback }: Compression, { kind, tasks }: Labelled): Coded => {
  // What counts for the step is a stream of its own: the sum, or a task's rows. What is only looked at has no next one.
  if (kind === 'sum' || kind === 'row') return feedback.encode(streamOf({ kind, tasks }), gradient) as Coded;
  const aside = codecOfKind(kind, codec);
  if (aside === undefined || aside.name === 'topk') return asFloat32(gradient) as Coded;
  return encodeValues(aside, gradient) as Coded;
};
const mask = (coded: Coded): Masked => coded as Omit<Coded, typeof stage> as Masked;
const encode = ({ bytes, encoding }: Masked): Outgoing => ({ bytes, encoding, sha256: sha256(bytes) });

/** The run's codec, and what it left out of earlier gradients of this client: encoding a gradient moves it on. */
export interface Compression {
  readonly codec: UplinkCodec | undefined;
  readonly feedback: ErrorFeedback;
}
export interface Labelled {
  readonly kind: ContributionMessage['kind'];
  readonly tasks: readonly string[];
}

/** Which gradients of a client follow one another. */
export const streamOf = ({ kind, tasks }: Labelled): string => (kind === 'sum' ? kind : `${kind}/${tasks[0]}`);

export const outgoing = (gradient: TrunkGradient, compression: Compression, label: Labelled): Outgoing =>
  encode(mask(compress(noise(clip(gradient)), compression, label)));
