import { join } from 'node:path';
import { decodeSnapshot, encodeSnapshot, openGenerations, type Damaged, type Disk } from '@trunkline/model/store';
import type { Point } from './round-events.ts';
import type { SelectionState } from './selection.ts';
import type { TrunkSnapshot } from './trunk-step.ts';

/** The run as it is before a round: trunk, optimizer and strategy state, the scores that choose the best trunk, rounds without a finite loss. */
export interface RunSnapshot extends TrunkSnapshot {
  readonly selection: SelectionState;
  readonly streaks: Point['streaks'];
  readonly enough?: boolean;
}

/** Points of a run that it can return to, in `checkpoints/`. */
export interface Checkpoints {
  /** Durable when this returns. @throws STORAGE_FAILED */
  save(snapshot: RunSnapshot): { file: string; sha256: string };
  /** @throws SNAPSHOT_BROKEN */
  load(round: number): RunSnapshot;
  /** Removes what is newer than `round`: it belongs to an attempt that is no more. */
  forgetAfter(round: number): void;
  /** Round of the newest that was ever written here, damaged ones included; null: none. */
  newest(): number | null;
  /** Round of the oldest that is kept; null: none. */
  oldest(): number | null;
  /** Reads all, oldest first; what is damaged is set aside. */
  survey(): { readonly sound: readonly RunSnapshot[]; readonly damaged: readonly Damaged[] };
}

export function diskCheckpoints(disk: Disk, runFolder: string): Checkpoints {
  const { save, load, forgetAfter, newest, rounds, survey } = openGenerations(disk, join(runFolder, 'checkpoints'));
  return {
    forgetAfter,
    newest,
    oldest: () => rounds()[0] ?? null,
    save: (snapshot) => save(snapshot.version, encodeSnapshot(snapshot)),
    load: (round) => decodeSnapshot(load(round).bytes) as RunSnapshot,
    survey() {
      const { sound, damaged } = survey();
      return { sound: sound.map(({ bytes }) => decodeSnapshot(bytes) as RunSnapshot), damaged };
    },
  };
}
