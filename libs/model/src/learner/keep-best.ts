import { fail } from '@trunkline/protocol';
import type { Learner } from '../learner.ts';

interface Kept {
  readonly version: number;
  readonly theta: Float32Array;
  readonly state: unknown;
}

/** Keeps a learner as it was at the best evaluation, which is known only when all tasks' scores are. */
export interface KeptBest {
  /** Trunk `version` has just been scored: the learner's state with it may turn out to be the best. `theta` is copied. */
  offer(version: number, theta: Float32Array): void;
  /** `version` is the best so far; nothing is done unless it is the one offered last. */
  confirm(version: number): void;
  /** Puts heads and adapters back to what they were with trunk `version`, and returns that trunk. @throws SNAPSHOT_BROKEN */
  restore(version: number): Float32Array;
  /** What it keeps, for `encodeSnapshot`. */
  snapshot(): KeptState;
  /** Keeps again what it kept then. */
  resume(state: KeptState): void;
}

export interface KeptState {
  readonly offered?: Kept | undefined;
  readonly kept?: Kept | undefined;
}

export function keepBest(learner: Learner): KeptBest {
  let offered: Kept | undefined;
  let kept: Kept | undefined;
  const confirm = (version: number) => {
    if (offered?.version === version) kept = offered;
  };
  return {
    offer: (version, theta) => void (offered = { version, theta: theta.slice(), state: learner.snapshot() }),
    confirm,
    restore(version) {
      confirm(version);
      if (kept?.version !== version) {
        const problem = `nothing is kept of trunk ${version}, the best one: this client joined after it was scored.`;
        throw fail('SNAPSHOT_BROKEN', { file: 'The client’s state', problem });
      }
      learner.restore(kept.state);
      return kept.theta;
    },
    // Nothing of it is changed once it is kept.
    snapshot: () => ({ offered, kept }),
    resume: (state) => void ({ offered, kept } = state),
  };
}
