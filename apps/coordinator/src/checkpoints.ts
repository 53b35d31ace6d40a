import { join } from 'node:path';
import { fail, sha256, toTrunklineError } from '@trunkline/protocol';
import { decodeSnapshot, encodeSnapshot, writeDurably, type Disk } from '@trunkline/model/store';
import { POINTS } from './returning.ts';
import type { Point } from './round-events.ts';
import type { SelectionState } from './selection.ts';
import type { TrunkSnapshot } from './trunk-step.ts';

/** The run as it is before a round: trunk, optimizer and strategy state, the scores that choose the best trunk, rounds without a finite loss. */
export interface RunSnapshot extends TrunkSnapshot {
  readonly selection: SelectionState;
  readonly streaks: Point['streaks'];
}

/** A checkpoint that cannot be used. */
export interface Damaged {
  readonly round: number;
  readonly file: string;
  readonly problem: string;
}

/** Points of a run that it can return to. The newest few are kept: the last one may be damaged by the crash that makes it needed. */
export interface Checkpoints {
  /** Durable when this returns. @throws STORAGE_FAILED */
  save(snapshot: RunSnapshot): { file: string; sha256: string };
  /** @throws SNAPSHOT_BROKEN */
  load(round: number): RunSnapshot;
  /** Removes what is newer than `round`: it belongs to an attempt that is no more. */
  forgetAfter(round: number): void;
  /** Round of the newest that was ever written here, damaged ones included; null: none. */
  newest(): number | null;
  /** Reads all, oldest first; what is damaged is set aside under another name, so that nobody takes it for whole. */
  survey(): { readonly sound: readonly RunSnapshot[]; readonly damaged: readonly Damaged[] };
}

const MANIFEST = /^(\d+)\.json$/;
/** Those set aside included. */
const ANY = /^(\d+)\.safetensors(?:\.damaged)?$/;
const TENSORS = /^(\d+)\.safetensors$/;

/** `checkpoints/NNNNNN.safetensors`, and beside each a manifest with its SHA-256, written after it: the one makes the other count. */
export function diskCheckpoints(disk: Disk, runFolder: string): Checkpoints {
  const folder = join(runFolder, 'checkpoints');
  const file = (round: number, ending: string) => join(folder, `${String(round).padStart(6, '0')}.${ending}`);
  const rounds = (pattern: RegExp) =>
    disk
      .list(folder)
      .flatMap((name) => pattern.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  const remove = (round: number) => {
    // The manifest first: what has none is no checkpoint.
    disk.remove(file(round, 'json'));
    disk.remove(file(round, 'safetensors'));
  };
  const load = (round: number): RunSnapshot => {
    const target = file(round, 'safetensors');
    const broken = (problem: string) => fail('SNAPSHOT_BROKEN', { file: target, problem });
    const bytes = disk.read(target);
    const manifest = disk.read(file(round, 'json'));
    if (!bytes) throw broken('the file is missing');
    if (!manifest) throw broken('its manifest is missing: it was not finished');
    // Compared as a text: no byte of either file can change unseen.
    if (new TextDecoder().decode(manifest) !== manifestOf(round, sha256(bytes)))
      throw broken('its SHA-256 is not the one written down');
    return decodeSnapshot(bytes, target) as RunSnapshot;
  };
  return {
    load,
    newest: () => rounds(ANY).at(-1) ?? null,
    save(snapshot) {
      const round = snapshot.version;
      const target = file(round, 'safetensors');
      try {
        const bytes = encodeSnapshot(snapshot);
        const digest = sha256(bytes);
        disk.makeFolder(folder);
        writeDurably(disk, target, bytes);
        writeDurably(disk, file(round, 'json'), new TextEncoder().encode(manifestOf(round, digest)));
        for (const old of rounds(MANIFEST).slice(0, -POINTS)) remove(old);
        return { file: target, sha256: digest };
      } catch (cause) {
        throw fail('STORAGE_FAILED', { file: target, reason: (cause as Error).message }, cause);
      }
    },
    forgetAfter(round) {
      const newer = [...new Set([...rounds(MANIFEST), ...rounds(TENSORS)])].filter((one) => one > round);
      if (newer.length === 0) return;
      try {
        newer.forEach(remove);
        disk.syncFolder(folder);
      } catch (cause) {
        throw fail('STORAGE_FAILED', { file: folder, reason: (cause as Error).message }, cause);
      }
    },
    survey() {
      const sound: RunSnapshot[] = [];
      const damaged: Damaged[] = [];
      for (const round of new Set([...rounds(MANIFEST), ...rounds(TENSORS)].sort((a, b) => a - b))) {
        try {
          sound.push(load(round));
        } catch (thrown) {
          damaged.push({ round, file: file(round, 'safetensors'), problem: toTrunklineError(thrown).message });
          for (const ending of ['json', 'safetensors']) setAside(disk, file(round, ending));
        }
      }
      return { sound, damaged };
    },
  };
}

const manifestOf = (round: number, digest: string): string => `${JSON.stringify({ round, sha256: digest })}\n`;

function setAside(disk: Disk, path: string): void {
  if (disk.read(path)) disk.rename(path, `${path}.damaged`);
}
