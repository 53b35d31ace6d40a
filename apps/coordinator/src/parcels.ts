import { bytesOf, sha256, type DenseCodec, type Encoding, type TrunkMessage } from '@trunkline/protocol';
import { encodeDifference, encodeValues } from '@trunkline/model/codec';
import type { TrunkStep } from './trunk-step.ts';

/** A trunk that goes out, and SCAFFOLD's control variate behind it. */
export type Broadcast = Pick<TrunkStep, 'version' | 'theta' | 'control'>;

/** How it travels. */
export interface Parcel {
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly encoding: Encoding;
  /** What it is told from; left out: it stands for itself. */
  readonly base?: NonNullable<TrunkMessage['base']>;
}

/** Trunks as they travel, written and hashed once a broadcast. */
export interface Parcels {
  /** SHA-256 of a trunk's float32 bytes. */
  digest(theta: Float32Array): string;
  /** As a codec writes it; left out: as float32. */
  whole(trunk: Broadcast, codec?: DenseCodec): Parcel;
  /**
   * As what changed since the trunk that a line brought last; the whole where that is less, or where the line has brought none. From here on the line counts as
   * without a trunk, until `arrived` says that it has brought this one.
   */
  since(line: object, trunk: Broadcast, attempt: number): { readonly parcel: Parcel; readonly arrived: () => void };
}

/** Trunks at most that later ones are told from: each takes its memory. `sync` needs one, `buffered` as many as clients are apart. */
const KEPT = 4;

/** A trunk at the end of some lines. */
interface Earlier {
  readonly base: NonNullable<Parcel['base']>;
  readonly values: Float32Array;
  lines: number;
}

interface Written extends Parcel {
  readonly theta: Float32Array;
  readonly control: Float32Array | null;
  /** Trunk and control variate. */
  readonly values: Float32Array;
}

export function createParcels(): Parcels {
  let digested: { theta: Float32Array | null; sha256: string } = { theta: null, sha256: '' };
  /** As it was put together last, with a codec and without. */
  const packed = new Map<DenseCodec | undefined, Written>();
  const held = new WeakMap<object, Earlier>();
  let kept: readonly Earlier[] = [];
  /** What was told of the last trunk, by what it is told from. */
  let told: { readonly values: Float32Array; readonly parcels: Map<Earlier, Parcel> } | undefined;

  const digest = (theta: Float32Array) => {
    // A trunk that was handed out never changes: the array itself tells whether this one was hashed.
    if (digested.theta !== theta) digested = { theta, sha256: sha256(bytesOf(theta)) };
    return digested.sha256;
  };
  const whole = ({ theta, control }: Broadcast, codec?: DenseCodec): Written => {
    const known = packed.get(codec);
    if (known?.theta === theta && known.control === control) return known;
    const values = control ? joined(theta, control) : theta;
    const { bytes, encoding } = codec
      ? encodeValues(codec, values)
      : { bytes: bytesOf(values), encoding: 'f32' as const };
    const hash = values === theta && !codec ? digest(theta) : sha256(bytes);
    const made = { theta, control, values, bytes, encoding, sha256: hash };
    packed.set(codec, made);
    return made;
  };
  const difference = (earlier: Earlier, now: Written): Parcel => {
    if (earlier.values.length !== now.values.length) return now;
    if (told?.values !== now.values) told = { values: now.values, parcels: new Map() };
    const known = told.parcels.get(earlier);
    if (known) return known;
    const written = encodeDifference(earlier.values, now.values);
    const parcel = written ? { ...written, sha256: now.sha256, base: earlier.base } : now;
    told.parcels.set(earlier, parcel);
    return parcel;
  };
  return {
    digest,
    whole,
    since(line, trunk, attempt) {
      const now = whole(trunk);
      const { values } = now;
      const { version } = trunk;
      const earlier = held.get(line);
      const parcel = earlier && kept.includes(earlier) ? difference(earlier, now) : now;
      held.delete(line);
      if (earlier && --earlier.lines === 0) kept = kept.filter((other) => other !== earlier);
      const arrived = () => {
        // Not by its values: a round in which nothing moved makes a trunk of another number with the same ones.
        const same = ({ base }: Earlier) => base.version === version && base.attempt === attempt;
        const here = kept.find(same) ?? { base: { version, attempt }, values, lines: 0 };
        if (here.lines++ === 0) kept = [...kept, here].slice(-KEPT);
        held.set(line, here);
      };
      return { parcel, arrived };
    },
  };
}

function joined(theta: Float32Array, control: Float32Array): Float32Array {
  const both = new Float32Array(theta.length * 2);
  both.set(theta);
  both.set(control, theta.length);
  return both;
}
