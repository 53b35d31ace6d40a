import { fail, sha256 } from '@trunkline/protocol';
import { openGenerations, writeDurably, writeSealed, type Disk } from '@trunkline/model/store';
import { openOutbox, type Outbox } from './outbox.ts';
import type { FinishedTask } from './outcome.ts';
import { STATE_FORMAT, type StateLabel } from './state-folder.ts';

/** The round that heads and adapters are ready for, and the attempt in which they came there. */
export interface Standing {
  readonly round: number;
  readonly attempt: number;
}

/** A saved state that is whole. */
export interface SavedState extends Standing {
  readonly bytes: Uint8Array;
  /** Of the end: this client's test scores. */
  readonly scores?: readonly FinishedTask[];
}

/** What a client keeps of one run, durable when a call returns. Errors: STORAGE_FAILED, SNAPSHOT_BROKEN. */
export interface RunStates {
  /** Rounds that states are held of, oldest first. */
  holds(): number[];
  newest(): SavedState | undefined;
  save(standing: Standing, bytes: Uint8Array, scores?: readonly FinishedTask[]): void;
  load(round: number): SavedState;
  forgetAfter(round: number): void;
  /** Answers before they leave. */
  readonly outbox: Outbox;
  /** Trunk, heads, adapters and optimizers as they are to be used: `state.safetensors`. */
  saveFinal(bytes: Uint8Array): void;
  /** The run is over after `round` rounds. */
  finish(round: number): void;
}

export type RunLabel = Omit<StateLabel, 'round' | 'sha256'>;

/**
 * Opens `<state>/<run>/<client>`. States of an earlier run of the same name, and damaged ones, are set aside and said.
 * @param said hears which file, and what became of it
 */
export function openRunStates(
  disk: Disk,
  folder: string,
  {
    label,
    before,
    said,
  }: { label: RunLabel; before: StateLabel | undefined; said: (file: string, problem: string) => void },
): RunStates {
  const stored = <T>(act: () => T): T => {
    try {
      return act();
    } catch (cause) {
      throw fail('STORAGE_FAILED', { file: folder, reason: (cause as Error).message }, cause);
    }
  };
  const surveyed = () => {
    const { sound, damaged } = kept.survey();
    for (const { file, problem } of damaged) said(file, `${problem}; it is set aside as \`.damaged\``);
    return sound;
  };
  const kept = openGenerations(disk, `${folder}/rounds`);
  let sound = surveyed();
  // The states themselves say it too: the label may have been damaged.
  const birth = (sound.at(-1)?.note['birth'] as string | undefined) ?? before?.birth ?? label.birth;
  if (birth !== label.birth) {
    const aside = unusedName(disk, folder);
    stored(() => disk.rename(folder, aside));
    said(folder, `it belongs to an earlier run of this name and is kept as ${aside}`);
    sound = [];
  }
  const writeLabel = (round: number, digest: string | null) =>
    stored(() => {
      disk.makeFolder(folder);
      writeSealed(disk, `${folder}/state.json`, { format: STATE_FORMAT, ...label, round, sha256: digest });
    });
  let rounds = sound.map(({ round }) => round);
  const newest = sound.at(-1);
  const own = birth === label.birth ? before : undefined;
  let finalDigest = own?.sha256 ?? null;
  writeLabel(own?.round ?? 0, finalDigest);
  return {
    outbox: openOutbox(disk, `${folder}/outbox`, said),
    holds: () => [...rounds],
    newest: () => newest && stateOf(newest),
    save(standing, bytes, scores) {
      kept.save(standing.round, bytes, {
        birth: label.birth,
        attempt: standing.attempt,
        ...(scores ? { scores } : {}),
      });
      rounds = kept.rounds();
    },
    load: (round) => stateOf(kept.load(round)),
    forgetAfter(round) {
      kept.forgetAfter(round);
      rounds = kept.rounds();
    },
    saveFinal(bytes) {
      finalDigest = sha256(bytes);
      stored(() => writeDurably(disk, `${folder}/state.safetensors`, bytes));
    },
    finish: (round) => writeLabel(round, finalDigest),
  };
}

const stateOf = ({
  round,
  bytes,
  note,
}: {
  round: number;
  bytes: Uint8Array;
  note: Readonly<Record<string, unknown>>;
}): SavedState => {
  const { attempt, scores } = note as { attempt: number; scores?: FinishedTask[] };
  return { round, attempt, bytes, ...(scores ? { scores } : {}) };
};

/** Beside `folder`, a name that nothing has. */
function unusedName(disk: Disk, folder: string): string {
  for (let n = 1; ; n++) {
    const name = `${folder}.before-${n}`;
    if (disk.list(name).length === 0) return name;
  }
}
