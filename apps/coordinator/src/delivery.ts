import {
  bytesOf,
  isLineBroken,
  sendChunks,
  sha256,
  toTrunklineError,
  trunkTransfer,
  type DownlinkCodec,
  type Encoding,
  type ErrorReport,
} from '@trunkline/protocol';
import { encodeValues } from '@trunkline/model/codec';
import type { Connection } from './gateway.ts';
import type { Member } from './members.ts';
import type { TrunkStep } from './trunk-step.ts';

export type Broadcast = Pick<TrunkStep, 'version' | 'theta' | 'control'>;

/** Brings trunks and messages to clients. A trunk is hashed once a broadcast and goes to a client once a version. */
export interface Delivery {
  /** SHA-256 of the current trunk. */
  digest(): string;
  /** The trunk as it is now, to be sent later: one that was handed out never changes. */
  trunk(): Broadcast;
  /**
   * Sends a trunk, by default the current one, unless the client holds it; resolves when it does. To be learned from it goes out as the run's codec
   * writes it, to be scored as it is.
   */
  trunkTo(member: Member, attempt: number, what?: { purpose?: 'learn' | 'score'; trunk?: Broadcast }): Promise<void>;
  /** A line that breaks while something is sent is no error of the run: the client is asked again when it is back. */
  tell(connection: Connection | null, send: (line: Connection) => Promise<unknown>): Promise<void>;
}

/** What becomes of a message that did not arrive. */
export interface Undelivered {
  /** A client's line broke in the middle of trunk `version`. */
  readonly interrupted: (client: string, version: number) => void;
  /** A client answered with an error. */
  readonly failed: (client: string, error: ErrorReport) => void;
}

/** What goes out: the trunk, and SCAFFOLD's control variate behind it. */
interface Parcel {
  readonly theta: Float32Array;
  readonly control: Float32Array | null;
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly encoding: Encoding;
}

/** @param told what becomes of a message that did not arrive, and the codec of trunks that are learned from */
export function createDelivery(
  keeper: Broadcast,
  { interrupted, failed, codec }: Undelivered & { readonly codec?: DownlinkCodec | undefined },
): Delivery {
  let digested: { theta: Float32Array | null; sha256: string } = { theta: null, sha256: '' };
  /** As it was put together, written and hashed last, with a codec and without: once a broadcast. */
  const packed = new Map<DownlinkCodec | undefined, Parcel>();

  /** The transfer that each client was sent last: some of it may have arrived. */
  const begun = new Map<string, string>();

  const parcel = (form: DownlinkCodec | undefined, { theta, control }: Broadcast): Parcel => {
    const known = packed.get(form);
    if (known?.theta === theta && known.control === control) return known;
    const values = control ? joined(theta, control) : theta;
    const { bytes, encoding } = form
      ? encodeValues(form, values)
      : { bytes: bytesOf(values), encoding: 'f32' as const };
    const made = { theta, control, bytes, encoding, sha256: values === theta && !form ? digest(theta) : sha256(bytes) };
    packed.set(form, made);
    return made;
  };

  const trunk = (): Broadcast => ({ version: keeper.version, theta: keeper.theta, control: keeper.control });

  const digest = (theta: Float32Array) => {
    // A trunk that was handed out never changes: the array itself tells whether this one was hashed.
    if (digested.theta !== theta) digested = { theta, sha256: sha256(bytesOf(theta)) };
    return digested.sha256;
  };
  return {
    digest: () => digest(keeper.theta),
    trunk,
    async trunkTo(member, attempt, { purpose = 'learn', trunk: sent = trunk() } = {}) {
      const { version, control } = sent;
      const form = purpose === 'learn' && member.codes ? codec : undefined;
      const transfer = trunkTransfer(version, attempt, form !== undefined);
      const line = member.connection;
      if (member.holds === transfer || !line) return;
      member.holds = transfer;
      const { bytes, encoding, sha256: hash } = parcel(form, sent);
      const announced = line.send('trunk', {
        version,
        attempt,
        ...(control ? { control: true } : {}),
        ...(form ? { coded: true } : {}),
        bytes: bytes.byteLength,
        sha256: hash,
        encoding,
      });
      // What arrived over a line that broke is not sent again; a trunk that is sent for the first time waits for no answer.
      announced.catch(() => undefined);
      try {
        const missing = begun.get(member.client) === transfer ? (await announced).missing : undefined;
        begun.set(member.client, transfer);
        await sendChunks(bytes, (index, chunk) => line.chunk({ transfer, index }, chunk), { missing, pace: line.pace });
        await announced;
      } catch (error) {
        // It is not known how much arrived: the next call brings what is missing.
        if (member.holds === transfer && member.connection === line) member.holds = null;
        if (isLineBroken(error)) interrupted(member.client, version);
        throw error;
      }
    },
    async tell(connection, send) {
      if (!connection) return;
      try {
        await send(connection);
      } catch (thrown) {
        // That the client left is said where its line ended.
        if (!isLineBroken(thrown)) failed(connection.client, toTrunklineError(thrown).report());
      }
    },
  };
}

function joined(theta: Float32Array, control: Float32Array): Float32Array {
  const both = new Float32Array(theta.length * 2);
  both.set(theta);
  both.set(control, theta.length);
  return both;
}
