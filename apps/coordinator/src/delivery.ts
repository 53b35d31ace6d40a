import {
  isLineBroken,
  isLossy,
  sendChunks,
  toTrunklineError,
  trunkTransfer,
  type DownlinkCodec,
  type ErrorReport,
} from '@trunkline/protocol';
import type { Connection } from './gateway.ts';
import type { Member } from './members.ts';
import { createParcels, type Broadcast } from './parcels.ts';

/** Brings trunks and messages to clients. A trunk is hashed once a broadcast and goes to a client once a version. */
export interface Delivery {
  /** SHA-256 of the current trunk. */
  digest(): string;
  /** The trunk as it is now, to be sent later: one that was handed out never changes. */
  trunk(): Broadcast;
  /**
   * Sends a trunk, by default the current one, unless the client holds it; resolves when it does. To be learned from it goes out as the run's codec
   * writes it; to be scored as it is, or, where the codec is exact, as that writes it too.
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

/** @param told what becomes of a message that did not arrive, and the codec of trunks that are learned from */
export function createDelivery(
  keeper: Broadcast,
  { interrupted, failed, codec }: Undelivered & { readonly codec?: DownlinkCodec | undefined },
): Delivery {
  const parcels = createParcels();
  /** The transfer that each client was sent last: some of it may have arrived. */
  const begun = new Map<string, string>();

  const trunk = (): Broadcast => ({ version: keeper.version, theta: keeper.theta, control: keeper.control });

  return {
    digest: () => parcels.digest(keeper.theta),
    trunk,
    async trunkTo(member, attempt, { purpose = 'learn', trunk: sent = trunk() } = {}) {
      const { version, control } = sent;
      const form = member.codes ? codec : undefined;
      const lossy = form && purpose === 'learn' && isLossy(form) ? form : undefined;
      const transfer = trunkTransfer(version, attempt, lossy !== undefined);
      const line = member.connection;
      if (member.holds === transfer || !line) return;
      member.holds = transfer;
      const { parcel, arrived } =
        form && !isLossy(form)
          ? parcels.since(line, sent, attempt)
          : { parcel: parcels.whole(sent, lossy), arrived: () => undefined };
      const { bytes, encoding, sha256, base } = parcel;
      const announced = line.send('trunk', {
        version,
        attempt,
        ...(control ? { control: true } : {}),
        ...(lossy ? { coded: true } : {}),
        bytes: bytes.byteLength,
        sha256,
        encoding,
        ...(base ? { base } : {}),
      });
      // What arrived over a line that broke is not sent again; a trunk that is sent for the first time waits for no answer.
      announced.catch(() => undefined);
      try {
        const missing = begun.get(member.client) === transfer ? (await announced).missing : undefined;
        begun.set(member.client, transfer);
        await sendChunks(bytes, (index, chunk) => line.chunk({ transfer, index }, chunk), { missing, pace: line.pace });
        await announced;
        arrived();
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
