import { bytesOf, sendChunks, sha256, toTrunklineError, trunkTransfer, type ErrorReport } from '@trunkline/protocol';
import type { Connection } from './gateway.ts';
import type { Member } from './members.ts';
import type { TrunkStep } from './trunk-step.ts';

/** Brings trunks and messages to clients. A trunk is hashed once a broadcast and goes to a client once a version. */
export interface Delivery {
  /** SHA-256 of the current trunk. */
  digest(): string;
  /** Sends the current trunk unless the client holds it; resolves when it does. */
  trunkTo(member: Member, attempt: number): Promise<void>;
  /** A line that breaks while something is sent is no error of the run: the client is asked again when it is back. */
  tell(connection: Connection | null, send: (line: Connection) => Promise<unknown>): Promise<void>;
}

export function createDelivery(keeper: TrunkStep, failed: (client: string, error: ErrorReport) => void): Delivery {
  let digested: { theta: Float32Array | null; sha256: string } = { theta: null, sha256: '' };
  let packed: { theta: Float32Array; control: Float32Array; bytes: Uint8Array; sha256: string } | null = null;

  /** The transfer that each client was sent last: some of it may have arrived. */
  const begun = new Map<string, string>();

  /** What goes out: the trunk, and SCAFFOLD's control variate behind it. Put together and hashed once a broadcast. */
  const parcel = (control: Float32Array | null) => {
    if (!control) return { bytes: bytesOf(keeper.theta), sha256: digest() };
    if (packed?.theta !== keeper.theta || packed.control !== control) {
      const both = new Float32Array(keeper.theta.length * 2);
      both.set(keeper.theta);
      both.set(control, keeper.theta.length);
      packed = { theta: keeper.theta, control, bytes: bytesOf(both), sha256: sha256(bytesOf(both)) };
    }
    return packed;
  };

  const digest = () => {
    // A trunk that was handed out never changes: the array itself tells whether this one was hashed.
    if (digested.theta !== keeper.theta) digested = { theta: keeper.theta, sha256: sha256(bytesOf(keeper.theta)) };
    return digested.sha256;
  };
  return {
    digest,
    async trunkTo(member, attempt) {
      const version = keeper.version;
      const key = `${version}/${attempt}`;
      const line = member.connection;
      if (member.holds === key || !line) return;
      member.holds = key;
      const { control } = keeper;
      const { bytes, sha256: hash } = parcel(control);
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
        throw error;
      }
    },
    async tell(connection, send) {
      if (!connection) return;
      try {
        await send(connection);
      } catch (thrown) {
        failed(connection.client, toTrunklineError(thrown).report());
      }
    },
  };
}
