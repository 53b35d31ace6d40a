import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fail, sha256 } from '@trunkline/protocol';
import { decodeSnapshot, encodeSnapshot } from '@trunkline/model/store';
import type { TrunkSnapshot } from './trunk-step.ts';

/** Checkpoints kept: the newest may be damaged by the crash that makes it needed. */
const KEPT = 3;

/** Points of a run that it can return to: trunk, optimizer and strategy state as they were before a round. */
export interface Checkpoints {
  save(snapshot: TrunkSnapshot): { file: string; sha256: string };
  /** @throws SNAPSHOT_BROKEN when the file's SHA-256 is not the manifest's */
  load(round: number): TrunkSnapshot;
  /** Rounds that can be returned to, ascending. */
  rounds(): number[];
}

/** `checkpoints/NNNNNN.safetensors`, each beside a `.json` with its SHA-256: written, fsynced, renamed, the folder fsynced. */
export function fileCheckpoints(runFolder: string): Checkpoints {
  const folder = join(runFolder, 'checkpoints');
  mkdirSync(folder, { recursive: true });
  const file = (round: number, extension: string) => join(folder, `${String(round).padStart(6, '0')}.${extension}`);
  const rounds = () =>
    readdirSync(folder)
      .filter((name) => /^\d+\.json$/.test(name))
      .map((name) => Number.parseInt(name, 10))
      .sort((a, b) => a - b);
  return {
    rounds,
    save(snapshot) {
      const bytes = encodeSnapshot(snapshot);
      const digest = sha256(bytes);
      const target = file(snapshot.version, 'safetensors');
      writeDurably(target, bytes);
      writeDurably(
        file(snapshot.version, 'json'),
        Buffer.from(JSON.stringify({ round: snapshot.version, sha256: digest })),
      );
      syncFolder(folder);
      for (const old of rounds().slice(0, -KEPT)) {
        rmSync(file(old, 'json'), { force: true });
        rmSync(file(old, 'safetensors'), { force: true });
      }
      return { file: target, sha256: digest };
    },
    load(round) {
      const target = file(round, 'safetensors');
      if (!existsSync(target)) throw fail('SNAPSHOT_BROKEN', { file: target, problem: 'the file is missing' });
      const bytes = readFileSync(target);
      const manifest = JSON.parse(readFileSync(file(round, 'json'), 'utf8')) as { sha256: string };
      if (sha256(bytes) !== manifest.sha256)
        throw fail('SNAPSHOT_BROKEN', { file: target, problem: 'its SHA-256 is not the one written down' });
      return decodeSnapshot(bytes) as TrunkSnapshot;
    },
  };
}

function writeDurably(target: string, bytes: Uint8Array): void {
  try {
    const handle = openSync(`${target}.new`, 'w');
    writeSync(handle, bytes);
    fsyncSync(handle);
    closeSync(handle);
    renameSync(`${target}.new`, target);
  } catch (cause) {
    throw fail('STORAGE_FAILED', { file: target, reason: (cause as Error).message }, cause);
  }
}

/** Without this a crash may forget the rename although the file's bytes are safe. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
