import {
  assemble,
  fail,
  floatsOf,
  sha256,
  trunkTransfer,
  type Assembly,
  type ChunkMessage,
  type TrunkMessage,
} from '@trunkline/protocol';

/** Trunks on their way in: chunks become a version, and whoever needs it waits for it. */
export interface Inbox {
  announce(message: TrunkMessage): void;
  chunk(message: ChunkMessage, bytes: Uint8Array): void;
  /** Resolves with trunk `version` of `attempt` once it is here and its hash agrees. */
  trunk(version: number, attempt: number): Promise<Float32Array>;
  /** The line broke: what was half here will be sent anew. */
  reset(): void;
}

/** @param length elements of the trunk, from this side's own layout: memory is allocated for nothing else. */
export function createInbox(length: number): Inbox {
  let open: { message: TrunkMessage; assembly: Assembly } | null = null;
  let held: { key: string; theta: Float32Array } | null = null;
  let waiting: { key: string; resolve: (theta: Float32Array) => void; reject: (error: Error) => void }[] = [];

  const keyOf = (version: number, attempt: number) => `${version}/${attempt}`;
  const arrived = (message: TrunkMessage, bytes: Uint8Array) => {
    const key = keyOf(message.version, message.attempt);
    const due = waiting.filter((request) => request.key === key);
    waiting = waiting.filter((request) => request.key !== key);
    if (sha256(bytes) !== message.sha256) {
      for (const { reject } of due) reject(fail('TRUNK_HASH', { version: message.version }));
      return;
    }
    held = { key, theta: floatsOf(bytes) };
    for (const { resolve } of due) resolve(held.theta);
  };
  return {
    announce(message) {
      if (message.bytes !== length * 4)
        throw fail('MESSAGE_TOO_LARGE', { event: 'trunk', found: message.bytes, expected: length * 4 });
      const transfer = trunkTransfer(message.version, message.attempt);
      open = { message, assembly: assemble(transfer, length * 4) };
    },
    chunk({ transfer, index }, bytes) {
      if (open?.assembly.transfer !== transfer) throw fail('CONTRIBUTION_UNKNOWN', { transfer, index });
      if (!open.assembly.add(index, bytes)) return;
      const { message, assembly } = open;
      open = null;
      arrived(message, assembly.bytes);
    },
    trunk(version, attempt) {
      const key = keyOf(version, attempt);
      if (held?.key === key) return Promise.resolve(held.theta);
      return new Promise((resolve, reject) => waiting.push({ key, resolve, reject }));
    },
    reset() {
      open = null;
    },
  };
}
