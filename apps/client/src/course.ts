import type { RewindMessage } from '@trunkline/protocol';
import type { Answer } from '@trunkline/protocol/line';
import type { ErrorFeedback, FeedbackState } from '@trunkline/model/codec';
import { decodeSnapshot } from '@trunkline/model/store';
import type { ClientEvent } from './client-event.ts';
import type { FinishedTask } from './outcome.ts';
import type { RunStates, SavedState, Standing } from './run-states.ts';
import type { Trainer } from './trainer.ts';

/**
 * Where this client's heads and adapters stand in the course of a run, and the states of it that it can go back to. The training thread does
 * one request after another: what is asked here before a step sees the state before that step.
 */
export interface Course {
  /** What a `join` says of it. */
  told(): { stands?: Standing; holds: number[] };
  /** Number of ways back so far: what was begun under another number is not wanted any more. */
  readonly turn: number;
  /** Test scores of the end, where they are known. */
  readonly scores: readonly FinishedTask[];
  /** Goes on from the newest saved state, if there is one. */
  open(): Promise<void>;
  /** The state before a checkpoint round. It must be durable before the round's answer leaves. @throws STORAGE_FAILED */
  point(id: Standing): Promise<void>;
  /** The answer that a process before this one made last: the same bytes are sent again. */
  readonly unsent: Answer | undefined;
  /** An answer, and the state after it: durable when it resolves. @param trunk fingerprint @throws STORAGE_FAILED */
  keep(answer: Answer, trunk: string): Promise<void>;
  /** The round was learned. */
  learned(id: Standing): void;
  /** @throws SNAPSHOT_BROKEN */
  goBack(message: RewindMessage): Promise<void>;
  /**
   * The end of the run, kept before the scores leave: whatever is lost after them, this client can tell how it ended.
   * @param score scores the last trunk, and gives the test scores
   * @returns undefined when the run went back meanwhile
   */
  ending<T>(at: Standing, score: () => Promise<{ result: T; scores: readonly FinishedTask[] }>): Promise<T | undefined>;
  /** The run is over. */
  finish(rounds: number): Promise<void>;
}

export interface CourseDeps {
  readonly trainer: Pick<Trainer, 'ask'>;
  readonly states: RunStates;
  /** What the codec has left out so far: saved and put back with the rest. */
  readonly feedback: Pick<ErrorFeedback, 'keeps' | 'snapshot' | 'restore'>;
  readonly emit: (event: ClientEvent) => void;
}

/** The part of a saved state that belongs to the codec. */
interface SavedFeedback {
  readonly feedback?: FeedbackState;
}

export function createCourse({ trainer, states, feedback, emit }: CourseDeps): Course {
  let stands: Standing | undefined;
  let scores: readonly FinishedTask[] = [];
  /** The end that `state.safetensors` is of. */
  let ended: Standing | undefined;
  let turn = 0;
  let unsent: Answer | undefined;

  const save = async () => {
    const left = feedback.snapshot();
    return (await trainer.ask('save', left ? { feedback: left } : {})).bytes;
  };
  /** What the codec left out is put back at once: the next state may be asked for before the training thread is done. */
  const restore = async (bytes: Uint8Array | null) => {
    if (feedback.keeps) feedback.restore(bytes ? (decodeSnapshot(bytes) as SavedFeedback).feedback : undefined);
    await trainer.ask('restore', { bytes });
  };
  return {
    told: () => ({ ...(stands ? { stands } : {}), holds: states.holds() }),
    get turn() {
      return turn;
    },
    get unsent() {
      return unsent;
    },
    get scores() {
      return scores;
    },
    async open() {
      const newest = states.newest();
      const kept = states.outbox.newest();
      if (kept && !(newest && isLater(newest, kept.answer.id))) {
        const { round, attempt } = kept.answer.id;
        await restore(kept.state);
        unsent = kept.answer;
        stands = { round: round + 1, attempt };
        emit({ event: 'continued', round: round + 1 });
        return;
      }
      if (!newest) return;
      const { round, attempt, bytes } = newest;
      await restore(bytes);
      stands = { round, attempt };
      if (newest.scores) [scores, ended] = [newest.scores, stands];
      emit({ event: 'continued', round });
    },
    async point(id) {
      const mine = turn;
      const bytes = await save();
      if (turn === mine) states.save(id, bytes);
    },
    async keep(answer, trunk) {
      const mine = turn;
      const state = await save();
      if (turn !== mine) return;
      // More rounds were asked for than the run had ended with: its end is not the newest state any more.
      if (ended) states.forgetAfter(ended.round - 1);
      ended = undefined;
      states.outbox.keep({ answer, trunk, state });
    },
    learned: ({ round, attempt }) => void (stands = { round: round + 1, attempt }),
    async goBack({ round, attempt, anew = false }) {
      turn++;
      ended = undefined;
      unsent = undefined;
      const bytes = anew ? null : states.load(round).bytes;
      states.outbox.clear();
      states.forgetAfter(anew ? -1 : round);
      stands = { round, attempt };
      await restore(bytes);
      emit({ event: 'rewound', round, attempt });
      if (anew && round > 0) emit({ event: 'anew', round });
    },
    async ending(at, score) {
      const again = ended?.round === at.round && ended.attempt === at.attempt;
      const mine = turn;
      const before = again ? undefined : await save();
      // Scoring may take the best heads out: never in the middle of rounds that are repeated.
      if (turn !== mine) return undefined;
      const { result, scores: found } = await score();
      if (turn !== mine) return undefined;
      const last = before && (await trainer.ask('snapshot', {})).bytes;
      if (turn !== mine) return undefined;
      scores = found;
      if (before && last) {
        states.saveFinal(last);
        states.save(at, before, found);
        stands = at;
        ended = at;
      }
      return result;
    },
    async finish(rounds) {
      if (!ended) states.saveFinal((await trainer.ask('snapshot', {})).bytes);
      states.finish(rounds);
    },
  };
}

/** Whether a saved state is behind the answer: the end of the run is, and one of a later attempt or round. */
const isLater = (saved: SavedState, answer: Standing): boolean =>
  saved.scores !== undefined ||
  saved.attempt > answer.attempt ||
  (saved.attempt === answer.attempt && saved.round > answer.round + 1);
