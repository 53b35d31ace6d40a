import {
  assemble,
  bytesOf,
  fail,
  floatsOf,
  isLossy,
  lineBroken,
  runningDigest,
  sha256,
  type Assembly,
  type ChunkMessage,
  type DownlinkCodec,
  type Encoding,
  type MissingMessage,
  type RunningDigest,
  type Scattered,
  type TrunkMessage,
} from '../index.ts';
import { bytesDue, keyOf, sameParcel } from './announced-trunk.ts';
import { createTrunkMemory, type Lease } from './trunk-memory.ts';

/** A trunk, and SCAFFOLD's control variate where it came with one, in memory that is used again. */
export interface Arrival {
  readonly theta: Float32Array;
  readonly control: Float32Array | null;
  /** Whoever asked for it reads it no more: a later trunk may be written over it. */
  done: () => void;
}

/** Trunks on their way in: chunks become a version, and whoever needs it waits for it. */
export interface Inbox {
  /** What of it is still to be sent: what arrived before a line broke is kept. @throws MESSAGE_TOO_LARGE, MESSAGE_INVALID */
  announce(message: TrunkMessage): MissingMessage;
  chunk(message: ChunkMessage, bytes: Scattered): void;
  /**
   * Resolves with trunk `version` of `attempt` once it is here and its hash agrees; it stays as it is until `done`. Learned from is what the
   * run's codec makes of it, scored is the trunk itself. @throws TRUNK_HASH, CODED_INVALID
   */
  trunk(version: number, attempt: number, purpose?: 'learn' | 'score'): Promise<Arrival>;
  /** The line broke. What is half here stays, for the same trunk announced again; whoever waits is told that it broke. */
  reset(): void;
}

/** How trunks that are learned from are written, and what reads them: the arithmetic is the caller's. */
export interface CodedTrunks {
  readonly codec: DownlinkCodec;
  /** Reads `bytes` into `into`, or gives a view of them where they are float32. @throws CODED_INVALID */
  readonly decode: (received: Received, into: Float32Array) => Float32Array;
}

/** Bytes of a tensor that came over the network. */
interface Received {
  readonly encoding: Encoding;
  readonly bytes: Uint8Array;
  readonly codec: DownlinkCodec;
  /** What it is told from, where it is a difference. */
  readonly base?: Float32Array;
  /** What an error calls it. */
  readonly what: string;
}

/** @param length elements of the trunk, from this side's own layout: memory is allocated for nothing else. @param coding left out: all trunks are float32 */
export function createInbox(length: number, coding?: CodedTrunks): Inbox {
  const memory = createTrunkMemory();
  let open: Opened | null = null;
  let held: { key: string; sha256: string; values: Float32Array; lend: () => Arrival; drop: () => void } | null = null;
  let waiting: { key: string; resolve: (arrival: Arrival) => void; reject: (error: Error) => void }[] = [];
  /** Of coded trunks as they arrive, used again. */
  let coded: Uint8Array | undefined;

  const read = ({ message: { encoding, version, base, sha256: expected }, assembly, digest, lease }: Opened) => {
    const check = (found: string) => {
      if (found !== expected) throw fail('TRUNK_HASH', { version });
    };
    if (digest) check(digest.hex());
    const into = floatsOf(lease.bytes);
    if (encoding === 'f32') return into;
    // Announced in another encoding only where this side knows how to read it, and holds what it is told from.
    const { codec, decode } = coding!;
    const from = base && held!.values;
    const received = { encoding, bytes: assembly.bytes, codec, what: `Trunk ${version}`, ...(from && { base: from }) };
    const values = decode(received, into);
    if (!digest) check(sha256(bytesOf(values)));
    return values;
  };
  /** Where its bytes go until it is read. */
  const room = (bytes: number): Uint8Array => {
    // A difference is now longer, now shorter.
    if (!coded || coded.byteLength < bytes) coded = new Uint8Array(bytes + (bytes >> 3));
    return coded.subarray(0, bytes);
  };
  const arrived = (whole: Opened) => {
    const { message, lease } = whole;
    const key = keyOf(message);
    const due = waiting.filter((request) => request.key === key);
    waiting = waiting.filter((request) => request.key !== key);
    let values: Float32Array;
    try {
      values = read(whole);
    } catch (error) {
      for (const { reject } of due) reject(error as Error);
      return;
    }
    const theta = values.subarray(0, length);
    const control = message.control ? values.subarray(length) : null;
    const lend = () => ({ theta, control, done: lease.hold() });
    held?.drop();
    held = { key, sha256: message.sha256, values, lend, drop: lease.hold() };
    for (const { resolve } of due) resolve(lend());
  };
  return {
    announce(message) {
      const due = bytesDue(message, { length, codec: coding?.codec, held });
      const transfer = keyOf(message);
      if (held?.key === transfer && held.sha256 === message.sha256) return { missing: [] };
      if (open?.assembly.transfer !== transfer || !sameParcel(open.message, message)) {
        open?.drop();
        const lease = memory.take(length * (message.control ? 2 : 1) * 4);
        const assembly = assemble(transfer, due, message.encoding === 'f32' ? lease.bytes : room(due));
        // The hash of a difference is that of the trunk which it leads to.
        const digest = message.base ? null : runningDigest(assembly);
        open = { message, assembly, digest, lease, drop: lease.hold() };
      }
      return { missing: open.assembly.missing() };
    },
    chunk({ transfer, index }, bytes) {
      if (open?.assembly.transfer !== transfer) throw fail('CONTRIBUTION_UNKNOWN', { transfer, index });
      if (!open.assembly.add(index, bytes)) return open.digest?.advance();
      const whole = open;
      open = null;
      arrived(whole);
      whole.drop();
    },
    trunk(version, attempt, purpose = 'learn') {
      const coded = purpose === 'learn' && coding !== undefined && isLossy(coding.codec);
      const key = keyOf({ version, attempt, coded });
      if (held?.key === key) return Promise.resolve(held.lend());
      return new Promise((resolve, reject) => waiting.push({ key, resolve, reject }));
    },
    reset() {
      const broken = waiting;
      waiting = [];
      for (const { reject } of broken) reject(lineBroken('the trunk had not arrived'));
    },
  };
}

/** A trunk on its way. */
interface Opened {
  readonly message: TrunkMessage;
  readonly assembly: Assembly;
  /** null: taken of what it leads to. */
  readonly digest: RunningDigest | null;
  /** Where its values will lie. */
  readonly lease: Lease;
  readonly drop: () => void;
}
