import {
  bytesOf,
  isLineBroken,
  sendChunks,
  sha256,
  toTrunklineError,
  trunkTransfer,
  type ErrorReport,
} from '@trunkline/protocol';
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
  /** Sends a trunk, by default the current one, unless the client holds it; resolves when it does. */
  trunkTo(member: Member, attempt: number, trunk?: Broadcast): Promise<void>;
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

export function createDelivery(keeper: Broadcast, { interrupted, failed }: Undelivered): Delivery {
  let digested: { theta: Float32Array | null; sha256: string } = { theta: null, sha256: '' };
  let packed: { theta: Float32Array; control: Float32Array; bytes: Uint8Array; sha256: string } | null = null;

  /** The transfer that each client was sent last: some of it may have arrived. */
  const begun = new Map<string, string>();

  /** What goes out: the trunk, and SCAFFOLD's control variate behind it. Put together and hashed once a broadcast. */
  const parcel = ({ theta, control }: Broadcast) => {
    if (!control) return { bytes: bytesOf(theta), sha256: digest(theta) };
    if (packed?.theta !== theta || packed.control !== control) {
      const both = new Float32Array(theta.length * 2);
      both.set(theta);
      both.set(control, theta.length);
      packed = { theta, control, bytes: bytesOf(both), sha256: sha256(bytesOf(both)) };
    }
    return packed;
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
    async trunkTo(member, attempt, sent = trunk()) {
      const { version, control } = sent;
      const key = `${version}/${attempt}`;
      const line = member.connection;
      if (member.holds === key || !line) return;
      member.holds = key;
      const { bytes, sha256: hash } = parcel(sent);
      const transfer = trunkTransfer(version, attempt);
      const announced = line.send('trunk', {
        version,
        attempt,
        ...(control ? { control: true } : {}),
        bytes: bytes.byteLength,
        sha256: hash,
        encoding: 'f32',
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
        if (member.holds === key && member.connection === line) member.holds = null;
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
