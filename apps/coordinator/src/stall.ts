import type { Pulse } from './pulse.ts';
import type { ClientRecord } from './run-record.ts';

/** An answer may take so many times as long as it usually does before it is said that nothing moves. */
const PATIENCE = 5;
const LEAST_MS = 15_000;
/** Without any sign for this long a line is silent: a heartbeat is due every ten seconds. */
const SILENT_MS = 12_000;

/**
 * Whether a connected client whose answer is due makes no progress: no byte of a message for 15 s and five times what its answers
 * usually take, at the most the round's deadline, at the least twice as long as usual. null: it is at it.
 */
export function stallOf(
  { answerMs, since }: Pick<ClientRecord, 'answerMs' | 'since'>,
  pulse: Pulse,
  { now, calledAt, deadlineMs }: { now: number; calledAt: number; deadlineMs: number },
): { since: number; what: string; remedy: string } | null {
  const usual = answerMs ?? 0;
  const bound = Math.max(2 * usual, Math.min(deadlineMs, Math.max(LEAST_MS, PATIENCE * usual)));
  // Whoever had nothing to do had nothing to move.
  const quietSince = Math.max(pulse.movedAt, calledAt, since);
  if (now - quietSince < bound) return null;
  const silent = now - pulse.heardAt >= SILENT_MS;
  return {
    since: quietSince,
    what: silent
      ? 'connected, but neither a byte of its answer nor a heartbeat comes; its line will be given up soon'
      : 'connected, heartbeats arrive, but no byte of its answer has moved',
    remedy: silent
      ? 'Its machine sleeps, its process is stopped, or the network lost it: look there, and start it again.'
      : 'Look at its machine (load, memory, disk, GPU) and its own terminal; ending it and joining again is safe.',
  };
}
