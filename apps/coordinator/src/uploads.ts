import {
  assemble,
  contributionTransfer,
  fail,
  limits,
  runningDigest,
  type Assembly,
  type ChunkMessage,
  type ContributionMessage,
  type MissingMessage,
  type RunningDigest,
  type Scattered,
} from '@trunkline/protocol';
import type { ByteBudget } from './byte-budget.ts';
import type { Turns } from './turns.ts';

/**
 * Contributions on their way in, until each is whole. What arrived outlives the line that brought it: announced again, a contribution
 * goes on where it stopped, and one that was taken in is not sent a second time.
 */
export interface Uploads {
  /** Answers what is still to be sent. @throws CONTRIBUTION_EQUIVOCAL, UPLOAD_BUDGET */
  announce(client: string, message: ContributionMessage): MissingMessage | Promise<MissingMessage>;
  /** Resolves once the chunk is held; the one that completes its contribution, once that is verified and recorded. */
  chunk(client: string, message: ChunkMessage, bytes: Scattered): void | Promise<void>;
  /** Takes in again what the journal holds. @returns where it lies now */
  restore(client: string, message: ContributionMessage, bytes: Uint8Array): Uint8Array;
  /** The round is over: what still waits for its turn is refused. */
  close(): void;
}

interface Upload {
  readonly message: ContributionMessage;
  readonly assembly: Assembly;
  readonly digest: RunningDigest;
}

export interface UploadsDeps {
  readonly round: number;
  readonly budget: ByteBudget;
  /** What a contribution takes of the budget, in bytes, once its values are read. */
  readonly size: number;
  readonly take: (message: ContributionMessage) => Uint8Array;
  /** Reads the values of what arrived, where they lie or in memory of their own, and judges them; throws the reason why they are refused. */
  readonly read: (client: string, message: ContributionMessage, bytes: Uint8Array) => Float32Array;
  /**
   * Where the mode has a journal: written when this returns, so that contributions count in the order in which they stand there; on the disk, and
   * acknowledged, once it has resolved.
   */
  readonly record?:
    ((client: string, message: ContributionMessage, bytes: Uint8Array) => Promise<void> | undefined) | undefined;
  /** Where large contributions wait for their turn; left out: all are taken in at once. */
  readonly turns?: Turns | undefined;
  /** It counts. `bytes` are read, and kept no longer. */
  readonly accept: (client: string, message: ContributionMessage, given: Given) => void;
}

export interface Given {
  readonly values: Float32Array;
  readonly bytes: Uint8Array;
}

export function openUploads({ round, budget, size, take, read, record, turns, accept }: UploadsDeps): Uploads {
  const open = new Map<string, Upload>();
  /** Complete ones that are being recorded: whoever asks meanwhile hears the same outcome. */
  const settling = new Map<string, Promise<void>>();
  /** Hash of each contribution that is in: the same bytes again are acknowledged again and counted once. */
  const received = new Map<string, string>();
  let closed = false;

  const forget = (client: string, key: string) => {
    open.delete(key);
    budget.release(client, size);
  };
  const takeIn = (client: string, key: string, upload: Upload): void | Promise<void> => {
    const { message, assembly, digest } = upload;
    const { bytes } = assembly;
    let values: Float32Array;
    try {
      if (closed) throw fail('CONTRIBUTION_STALE', { found: round, expected: 'a later one' });
      if (digest.hex() !== message.sha256) throw fail('CONTRIBUTION_HASH', { client, round });
      values = read(client, message, bytes);
    } catch (error) {
      forget(client, key);
      throw error;
    }
    const recorded = record?.(client, message, bytes);
    open.delete(key);
    received.set(key, message.sha256);
    accept(client, message, { values, bytes });
    if (!recorded) return;
    const settled = recorded.finally(() => settling.delete(key));
    settling.set(key, settled);
    return settled;
  };

  const complete = (client: string, key: string, upload: Upload): void | Promise<void> => {
    if (!turns || upload.message.bytes < limits.turnBytes) return takeIn(client, key, upload);
    // Acknowledged behind what it set off: the answer that closes the round finds everything added.
    const settled = turns
      .run(() => takeIn(client, key, upload))
      .then(() => turns.idle())
      .finally(() => settling.delete(key));
    settling.set(key, settled);
    return settled;
  };

  return {
    close: () => void (closed = true),
    announce(client, message) {
      const transfer = contributionTransfer(message);
      const key = `${client}/${transfer}`;
      const upload = open.get(key);
      const same = (received.get(key) ?? upload?.message.sha256) === message.sha256;
      if (received.has(key) || (upload?.assembly.complete ?? false)) {
        if (!same) throw fail('CONTRIBUTION_EQUIVOCAL', { client, round });
        return settling.get(key)?.then(() => ({ missing: [] })) ?? { missing: [] };
      }
      if (upload && same) return { missing: upload.assembly.missing() };
      // One that never was whole was never acknowledged: its client may have begun anew.
      if (upload) forget(client, key);
      budget.reserve(client, size);
      const assembly = assemble(transfer, message.bytes, take(message));
      open.set(key, { message, assembly, digest: runningDigest(assembly) });
      return { missing: assembly.missing() };
    },
    chunk(client, { transfer, index }, bytes) {
      const key = `${client}/${transfer}`;
      if (received.has(key)) return settling.get(key);
      const upload = open.get(key);
      if (!upload) throw fail('CONTRIBUTION_UNKNOWN', { transfer, index });
      if (upload.assembly.complete) return settling.get(key);
      if (upload.assembly.add(index, bytes)) return complete(client, key, upload);
      upload.digest.advance();
    },
    restore(client, message, bytes) {
      budget.reserve(client, size);
      const own = take(message);
      own.set(bytes);
      received.set(`${client}/${contributionTransfer(message)}`, message.sha256);
      accept(client, message, { values: read(client, message, own), bytes: own });
      return own;
    },
  };
}
