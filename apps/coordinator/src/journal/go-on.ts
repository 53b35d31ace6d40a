import type { Ledger } from '../ledger.ts';
import type { Effect, RoundsEvent } from '../round-events.ts';
import type { FoundJournal } from './read-journal.ts';
import { takeUp, type RunParts } from './take-up.ts';

export interface GoingOn {
  readonly parts: RunParts;
  readonly ledger: Ledger;
  readonly feed: (event: RoundsEvent) => void;
  readonly carryOut: (effect: Effect) => void;
  /** Nothing is noted while `tell` runs. */
  readonly hush: <T>(tell: () => T) => T;
  /** The journal is told: so many rounds of it. */
  readonly told: (rounds: number) => void;
}

/**
 * Goes on where the journal ends: as if nothing had happened, but that everyone's line is broken. Where its end was lost, what is due is asked anew
 * under an attempt that nobody was ever told.
 * @throws JOURNAL_REPLAY
 */
export function goOnFrom(found: FoundJournal, { parts, ledger, feed, carryOut, hush, told: tell }: GoingOn): void {
  const { machine, keeper } = parts;
  const { state } = machine;
  const told = hush(() => takeUp(found.entries(), parts));
  ledger.saved(keeper.version);
  tell(told.rounds);
  // What the last process had begun to do, then the lines that its end broke.
  if (told.closed !== null) feed({ type: 'closed', round: told.closed });
  if (!machine.reopen()) told.due.forEach(carryOut);
  for (const { client, connected } of [...state.seats.values()])
    if (connected) feed({ type: 'left', client, goodbye: false });
  // Once it is on record no process does it again.
  if (found.loss && state.attempt <= found.loss.attempt)
    feed({ type: 'renew', attempt: Math.max(ledger.attempt, state.attempt) + 1 });
  if (state.phase === 'gathering' || state.asked.size === 0) machine.begin().forEach(carryOut);
  machine.remind().forEach(carryOut);
}
