import { fail } from '@trunkline/protocol';
import type { Effect, RoundsEvent } from '../round-events.ts';
import type {
  AnsweredRecord,
  BaseRecord,
  CalledRecord,
  ClosedRecord,
  ContributionRecord,
  DroppedRecord,
  ForgottenRecord,
  HeldRecord,
  OpenedRecord,
  ScoresRecord,
  SeatedRecord,
} from './record.ts';
import type { Entry } from './segments.ts';

/** What a desk is told again. */
export type DeskRecord =
  OpenedRecord | CalledRecord | ContributionRecord | AnsweredRecord | HeldRecord | ForgottenRecord | DroppedRecord;

/** The parts of a run that its journal is told to again. They do what they did, but send nothing and write nothing down. */
export interface Retold {
  /** The state at a checkpoint, where the telling begins. */
  base(record: BaseRecord): void;
  seated(record: SeatedRecord): void;
  desk(record: DeskRecord, body: Uint8Array): void;
  /** Makes the step. @returns SHA-256 of the trunk that came of it */
  close(record: ClosedRecord): string;
  scores(record: ScoresRecord): void;
  /** Feeds the round machine; what it asks for is not carried out. */
  heard(event: RoundsEvent): readonly Effect[];
}

/** What a telling came to. */
export interface Told {
  /** What the machine asked for last and nobody began: the crash came before. */
  readonly due: readonly Effect[];
  /** The round whose step was made, and the machine not told of it any more; null: none. */
  readonly closed: number | null;
  readonly rounds: number;
  readonly contributions: number;
}

/**
 * Tells a journal again, record by record. The run's parts are the same code that made it, so that the trunk, the optimizer, the strategy, and
 * what was taken in for the open round are again what they were.
 * @throws JOURNAL_REPLAY when a step gives another trunk than the one written down
 */
export function retell(entries: Iterable<Entry>, to: Retold): Told {
  let due: readonly Effect[] = [];
  let rounds = 0;
  let contributions = 0;
  let begun = false;
  let skipped = 0;
  let closed: number | null = null;
  // Effects are carried out in their order: what stands before one that was begun is done.
  const done = (matches: (effect: Effect) => boolean) => {
    due = due.slice(due.findIndex(matches) + 1);
  };
  let before = '';
  for (const { record, body, file } of entries) {
    // A crash may have cut off the rest of what followed a checkpoint; it follows in no other segment.
    if (file !== before) skipped = 0;
    before = file;
    if (skipped > 0) {
      skipped--;
      continue;
    }
    switch (record.kind) {
      case 'base':
        // A later one says what the records before it came to already.
        if (begun) skipped = record.following;
        else {
          to.base(record);
          due = record.due;
        }
        break;
      case 'seated':
        to.seated(record);
        break;
      case 'heard':
        if (record.event.type === 'closed') closed = null;
        due = to.heard(record.event);
        break;
      case 'scores':
        to.scores(record);
        break;
      case 'closed': {
        const found = to.close(record);
        if (found !== record.sha256)
          throw fail('JOURNAL_REPLAY', {
            round: record.round,
            found: found.slice(0, 12),
            expected: record.sha256.slice(0, 12),
          });
        done((effect) => effect.do === 'close');
        closed = record.round;
        rounds++;
        break;
      }
      default:
        if (record.kind === 'opened') done((effect) => effect.do === 'open');
        if (record.kind === 'called') done((effect) => effect.do === 'ask' && effect.client === record.client);
        if (record.kind === 'contribution') contributions++;
        to.desk(record, body);
    }
    begun = true;
  }
  return { due, closed, rounds, contributions };
}
