import {
  assemble,
  fail,
  floatsOf,
  lineBroken,
  runningDigest,
  trunkTransfer,
  type Assembly,
  type ChunkMessage,
  type MissingMessage,
  type RunningDigest,
  type TrunkMessage,
} from '../index.ts';
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
  /** What of it is still to be sent: what arrived before a line broke is kept. @throws MESSAGE_TOO_LARGE */
  announce(message: TrunkMessage): MissingMessage;
  chunk(message: ChunkMessage, bytes: Uint8Array): void;
  /** Resolves with trunk `version` of `attempt` once it is here and its hash agrees; it stays as it is until `done`. */
  trunk(version: number, attempt: number): Promise<Arrival>;
  /** The line broke. What is half here stays, for the same trunk announced again; whoever waits is told that it broke. */
  reset(): void;
}

/** @param length elements of the trunk, from this side's own layout: memory is allocated for nothing else. */
export function createInbox(length: number): Inbox {
  const memory = createTrunkMemory();
  let open: {
    message: TrunkMessage;
    assembly: Assembly;
    digest: RunningDigest;
    lease: Lease;
    drop: () => void;
  } | null = null;
  let held: { key: string; sha256: string; lend: () => Arrival; drop: () => void } | null = null;
  let waiting: { key: string; resolve: (arrival: Arrival) => void; reject: (error: Error) => void }[] = [];

  const keyOf = (version: number, attempt: number) => `${version}/${attempt}`;
  const arrived = (message: TrunkMessage, sha256: string, lease: Lease) => {
    const key = keyOf(message.version, message.attempt);
    const due = waiting.filter((request) => request.key === key);
    waiting = waiting.filter((request) => request.key !== key);
    if (sha256 !== message.sha256) {
      for (const { reject } of due) reject(fail('TRUNK_HASH', { version: message.version }));
      return;
    }
    const values = floatsOf(lease.bytes);
    const theta = values.subarray(0, length);
    const control = message.control ? values.subarray(length) : null;
    const lend = () => ({ theta, control, done: lease.hold() });
    held?.drop();
    held = { key, sha256: message.sha256, lend, drop: lease.hold() };
    for (const { resolve } of due) resolve(lend());
  };
  return {
    announce(message) {
      const expected = length * 4 * (message.control ? 2 : 1);
      if (message.bytes !== expected)
        throw fail('MESSAGE_TOO_LARGE', { event: 'trunk', found: message.bytes, expected });
      const key = keyOf(message.version, message.attempt);
      if (held?.key === key && held.sha256 === message.sha256) return { missing: [] };
      const transfer = trunkTransfer(message.version, message.attempt);
      if (open?.assembly.transfer !== transfer || open.message.sha256 !== message.sha256) {
        open?.drop();
        const lease = memory.take(expected);
        const assembly = assemble(transfer, expected, lease.bytes);
        open = { message, assembly, digest: runningDigest(assembly), lease, drop: lease.hold() };
      }
      return { missing: open.assembly.missing() };
    },
    chunk({ transfer, index }, bytes) {
      if (open?.assembly.transfer !== transfer) throw fail('CONTRIBUTION_UNKNOWN', { transfer, index });
      if (!open.assembly.add(index, bytes)) return open.digest.advance();
      const { message, digest, lease, drop } = open;
      open = null;
      arrived(message, digest.hex(), lease);
      drop();
    },
    trunk(version, attempt) {
      const key = keyOf(version, attempt);
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
