import { fail, sha256, toTrunklineError } from '@trunkline/protocol';
import { writeDurably, type Disk } from './disk.ts';

/** How many are kept. The newest may be damaged by the crash that makes it needed, and of the open round only some have one. */
export const GENERATIONS = 3;

/** A file that cannot be used and was set aside. */
export interface Damaged {
  readonly round: number;
  readonly file: string;
  readonly problem: string;
  /** false: a crash came before its manifest was written, so that nothing was ever built on it. */
  readonly finished: boolean;
}

/** What is written down beside a generation: plain JSON. */
export type Note = Readonly<Record<string, unknown>>;

export interface Generation {
  readonly round: number;
  readonly bytes: Uint8Array;
  readonly note: Note;
}

/** States of some rounds, the newest few kept: `NNNNNN.safetensors`, and beside each a manifest with its SHA-256 and a note. */
export interface Generations {
  /** Durable when this returns. @throws STORAGE_FAILED */
  readonly save: (round: number, bytes: Uint8Array, note?: Note) => { file: string; sha256: string };
  /** @throws SNAPSHOT_BROKEN */
  readonly load: (round: number) => Generation;
  /** Removes what is newer than `round`: it belongs to an attempt that is no more. @throws STORAGE_FAILED */
  readonly forgetAfter: (round: number) => void;
  /** Rounds that are here, oldest first, without looking whether they are whole. */
  readonly rounds: () => number[];
  /** Round of the newest that was ever written here, damaged ones included; null: none. */
  readonly newest: () => number | null;
  /** Reads all, oldest first; what is damaged is set aside under another name, so that nobody takes it for whole. */
  readonly survey: () => { readonly sound: readonly Generation[]; readonly damaged: readonly Damaged[] };
}

const MANIFEST = /^(\d+)\.json$/;
const TENSORS = /^(\d+)\.safetensors$/;
/** Those set aside included. */
const ANY = /^(\d+)\.safetensors(?:\.damaged)?$/;

export function openGenerations(disk: Disk, folder: string): Generations {
  const file = (round: number, ending: string) => `${folder}/${String(round).padStart(6, '0')}.${ending}`;
  const rounds = (pattern: RegExp) =>
    disk
      .list(folder)
      .flatMap((name) => pattern.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  const all = () => [...new Set([...rounds(MANIFEST), ...rounds(TENSORS)])].sort((a, b) => a - b);
  const remove = (round: number) => {
    // The manifest first: what has none does not count.
    disk.remove(file(round, 'json'));
    disk.remove(file(round, 'safetensors'));
  };
  const stored = <T>(path: string, act: () => T): T => {
    try {
      return act();
    } catch (cause) {
      throw fail('STORAGE_FAILED', { file: path, reason: (cause as Error).message }, cause);
    }
  };
  const load = (round: number): Generation => {
    const target = file(round, 'safetensors');
    const broken = (problem: string, cause?: unknown) => fail('SNAPSHOT_BROKEN', { file: target, problem }, cause);
    const bytes = disk.read(target);
    const manifest = disk.read(file(round, 'json'));
    if (!bytes) throw broken('the file is missing');
    if (!manifest) throw broken('its manifest is missing: it was not finished');
    const text = new TextDecoder().decode(manifest);
    let note: Note;
    try {
      ({ note } = JSON.parse(text) as { note: Note });
    } catch (cause) {
      throw broken('its manifest is not JSON', cause);
    }
    // Compared as a text: no byte of either file can change unseen.
    if (text !== manifestOf(round, sha256(bytes), note)) throw broken('its SHA-256 is not the one written down');
    return { round, bytes, note };
  };
  return {
    load,
    rounds: () => rounds(MANIFEST),
    newest: () => rounds(ANY).at(-1) ?? null,
    save(round, bytes, note = {}) {
      const target = file(round, 'safetensors');
      const digest = sha256(bytes);
      stored(target, () => {
        disk.makeFolder(folder);
        writeDurably(disk, target, bytes);
        writeDurably(disk, file(round, 'json'), new TextEncoder().encode(manifestOf(round, digest, note)));
        for (const old of rounds(MANIFEST).slice(0, -GENERATIONS)) remove(old);
      });
      return { file: target, sha256: digest };
    },
    forgetAfter(round) {
      const newer = all().filter((one) => one > round);
      if (newer.length === 0) return;
      stored(folder, () => {
        newer.forEach(remove);
        disk.syncFolder(folder);
      });
    },
    survey() {
      const sound: Generation[] = [];
      const damaged: Damaged[] = [];
      for (const round of all()) {
        try {
          sound.push(load(round));
        } catch (thrown) {
          const finished = disk.read(file(round, 'json')) !== null;
          damaged.push({
            round,
            file: file(round, 'safetensors'),
            problem: toTrunklineError(thrown).message,
            finished,
          });
          for (const ending of ['json', 'safetensors']) setAside(disk, file(round, ending));
        }
      }
      // A crash may have come between a name and its sync: what is relied on from here on must outlive the next one too.
      if (sound.length > 0) stored(folder, () => disk.syncFolder(folder));
      return { sound, damaged };
    },
  };
}

/** `seal` is the hash of all that stands before it, so that the note cannot change unseen either. */
function manifestOf(round: number, digest: string, note: Note): string {
  const seal = sha256(new TextEncoder().encode(JSON.stringify({ round, sha256: digest, note })));
  return `${JSON.stringify({ round, sha256: digest, note, seal })}\n`;
}

function setAside(disk: Disk, path: string): void {
  if (disk.read(path)) disk.rename(path, `${path}.damaged`);
}
