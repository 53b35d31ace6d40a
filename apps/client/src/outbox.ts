import { fail, sha256 } from '@trunkline/protocol';
import { decodeSnapshot, encodeSnapshot, writeDurably, type Disk } from '@trunkline/model/store';
import type { Answer } from '@trunkline/protocol/line';

/** Version of what lies in an outbox. */
const OUTBOX_FORMAT = 1;

/** Entries kept: the newest may be damaged by what makes it needed; the one before leads to the same answer again. */
const KEPT = 2;

/** A SHA-256 in hex stands before the snapshot. */
const HASH = 64;

/** An answer, and what the client was once it had made it: one file, so that neither is ever on the disk without the other. */
export interface Kept {
  readonly answer: Answer;
  /** Fingerprint of the trunk that it is a gradient of. */
  readonly trunk: string;
  /** Heads, adapters, optimizers and what else the training thread keeps, after the step. */
  readonly state: Uint8Array;
}

/**
 * Answers before they are sent, for runs whose coordinator keeps a journal. A client that is started again goes on from the newest one and, asked
 * for that round, sends the same bytes: an answer that may have been counted is never made a second time.
 */
export interface Outbox {
  /** On the disk when this returns. @throws STORAGE_FAILED */
  keep(entry: Kept): void;
  /** The newest entry that is whole; undefined: none. A damaged one is set aside, and said. @throws OUTBOX_VERSION, STORAGE_FAILED */
  newest(): Kept | undefined;
  /** The run went back: what was answered belongs to an attempt that is no more. @throws STORAGE_FAILED */
  clear(): void;
}

/** @param said hears of a damaged file and what became of it */
export function openOutbox(disk: Disk, folder: string, said: (file: string, problem: string) => void): Outbox {
  const path = (name: string) => `${folder}/${name}`;
  const names = () =>
    disk
      .list(folder)
      .filter((name) => /^\d+-\d+\.answer$/.test(name))
      .sort(byId);
  const guarded = <T>(act: () => T): T => {
    try {
      return act();
    } catch (cause) {
      throw fail('STORAGE_FAILED', { file: folder, reason: (cause as Error).message }, cause);
    }
  };
  return {
    clear: () => guarded(() => names().forEach((name) => disk.remove(path(name)))),
    keep(entry) {
      const { round, attempt } = entry.answer.id;
      const name = `${String(round).padStart(6, '0')}-${attempt}.answer`;
      guarded(() => {
        disk.makeFolder(folder);
        writeDurably(disk, path(name), encode(entry));
        // What is newer belongs to an attempt that was left.
        const others = names().filter((other) => other !== name);
        const older = others.filter((other) => byId(other, name) < 0).slice(-(KEPT - 1));
        for (const other of others) if (!older.includes(other)) disk.remove(path(other));
      });
    },
    newest() {
      for (const name of names().reverse()) {
        const bytes = guarded(() => disk.read(path(name)));
        const entry = bytes && decode(path(name), bytes);
        if (entry) return entry;
        guarded(() => disk.rename(path(name), path(`${name}.damaged`)));
        said(
          path(name),
          'it does not match its SHA-256; it is set aside as `.damaged`, and the entry before it counts.',
        );
      }
      return undefined;
    },
  };
}

/** By attempt, then by round: after a way back the later attempt is the newer one. */
function byId(a: string, b: string): number {
  const [round = 0, attempt = 0] = a.split(/[-.]/).map(Number);
  const [otherRound = 0, otherAttempt = 0] = b.split(/[-.]/).map(Number);
  return attempt - otherAttempt || round - otherRound;
}

function encode({ answer, trunk, state }: Kept): Uint8Array {
  const snapshot = encodeSnapshot({ outbox: OUTBOX_FORMAT, trunk, answer, state });
  return Buffer.concat([Buffer.from(sha256(snapshot), 'ascii'), snapshot]);
}

function decode(file: string, bytes: Uint8Array): Kept | undefined {
  const snapshot = bytes.subarray(HASH);
  if (Buffer.from(bytes.subarray(0, HASH)).toString('latin1') !== sha256(snapshot)) return undefined;
  const { outbox, trunk, answer, state } = decodeSnapshot(snapshot, file) as Kept & { outbox: number };
  if (outbox !== OUTBOX_FORMAT) throw fail('OUTBOX_VERSION', { file, found: outbox, expected: OUTBOX_FORMAT });
  return { answer, trunk, state };
}
