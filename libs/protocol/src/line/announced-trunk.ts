import { codedBytes, fail, isLossy, trunkTransfer, type DownlinkCodec, type TrunkMessage } from '../index.ts';

/** What the receiver of a trunk knows by itself. */
export interface Expected {
  /** Elements of the trunk. */
  readonly length: number;
  /** Of the run; undefined: all trunks are float32. */
  readonly codec: DownlinkCodec | undefined;
  /** The trunk that arrived last, by its `keyOf`. */
  readonly held: { readonly key: string; readonly values: Float32Array } | null;
}

/** The name of a trunk's transfer. */
export const keyOf = ({ version, attempt, coded }: Pick<TrunkMessage, 'version' | 'attempt' | 'coded'>): string =>
  trunkTransfer(version, attempt, coded);

/**
 * How many bytes of an announced trunk are to come.
 * @throws MESSAGE_TOO_LARGE, MESSAGE_INVALID: it is in no encoding that was agreed to, or told from a trunk that is not here
 */
export function bytesDue(message: TrunkMessage, { length, codec, held }: Expected): number {
  const { encoding, base, bytes, control, coded = false } = message;
  const elements = length * (control ? 2 : 1);
  const refuse = (problem: string) => fail('MESSAGE_INVALID', { event: 'trunk', problem });
  const agreed = codec !== undefined && encoding === codec.name && coded === isLossy(codec);
  if (encoding !== 'f32' && !agreed) throw refuse(`a trunk in ${encoding} was not agreed to`);
  if ((base !== undefined) !== (encoding === 'delta')) throw refuse('`base` goes with `delta`, and with it alone');
  const whole = codedBytes(encoding, elements, undefined);
  if (base ? bytes >= whole : bytes !== whole)
    throw fail('MESSAGE_TOO_LARGE', { event: 'trunk', found: bytes, expected: base ? `less than ${whole}` : whole });
  if (base && !(held?.key === keyOf(base) && held.values.length === elements))
    throw refuse(`it is told from trunk ${base.version} of attempt ${base.attempt}, which is not here`);
  return bytes;
}

/** What arrived of the one is good for the other: a trunk has one hash whether it comes whole or as a difference. */
export const sameParcel = (a: TrunkMessage, b: TrunkMessage): boolean =>
  a.sha256 === b.sha256 &&
  a.encoding === b.encoding &&
  a.base?.version === b.base?.version &&
  a.base?.attempt === b.base?.attempt;
