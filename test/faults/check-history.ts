import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '@trunkline/coordinator';
import type { Line } from './fleet.ts';

type Of<E extends RunEvent['event']> = Extract<RunEvent, { event: E }>;

/** What a run that was ended and begun again looks like from outside. */
export interface History {
  /** How often a round was trained in all; the rounds of the run, plus those that were repeated. */
  readonly trained: number;
  readonly attempts: number;
}

/**
 * Holds what a coordinator wrote over all its lives, and what its clients said, against what was promised: every line whole, every (round,
 * attempt) closed once, rounds in order within an attempt, attempts only growing, and, where rounds are repeated by re-execution, every repetition
 * the same to the last bit: losses of a round, checkpoints of a round, and what each client computed for it.
 * @param exact mode `sync` or `local` with `wait`: repetitions agree
 * @throws for the first contradiction
 */
export function checkHistory(folder: string, lines: readonly Line[], { exact }: { exact: boolean }): History {
  const events = eventsIn(join(folder, 'run', 'events.jsonl'));
  const closed = new Set<string>();
  const losses = new Map<number, string>();
  const checkpoints = new Map<number, string>();
  const last = { round: -1, attempt: -1 };
  let trained = 0;

  const same = (seen: Map<number, string>, round: number, found: unknown, what: string) => {
    const text = JSON.stringify(found);
    const before = seen.get(round);
    if (exact && before !== undefined && before !== text)
      throw new Error(`${what} ${round} was ${before} and is ${text}: a repetition differs`);
    seen.set(round, text);
  };
  for (const event of events) {
    if (event.event === 'checkpoint') same(checkpoints, event.round, event.sha256, 'checkpoint');
    if (event.event !== 'round') continue;
    const { round, attempt } = event;
    const key = `${round}, attempt ${attempt}`;
    if (closed.has(key)) throw new Error(`round ${key} was closed twice`);
    closed.add(key);
    if (attempt < last.attempt) throw new Error(`attempt ${attempt} after attempt ${last.attempt}`);
    if (attempt === last.attempt && round !== last.round + 1)
      throw new Error(`round ${round} after round ${last.round}`);
    if (round > last.round + 1) throw new Error(`round ${round} after round ${last.round}: one is missing`);
    Object.assign(last, { round, attempt });
    same(losses, round, event.losses, 'the losses of round');
    trained++;
  }
  const finished = events.filter((event): event is Of<'finished'> => event.event === 'finished');
  const ends = new Set(finished.map(({ rounds, sha256 }) => `${rounds} ${sha256}`));
  if (ends.size > 1) throw new Error(`the run ended more than once, and differently: ${[...ends].join(', ')}`);

  // What a client computed for a round is what the coordinator counted: the last time, and where rounds repeat exactly, every time.
  const counted = new Map(
    [...losses].map(([round, text]) => [round, JSON.parse(text) as Record<string, number | null>]),
  );
  for (const { from, said } of lines) {
    if (said.event !== 'round' || from === 'coordinator' || !exact) continue;
    const round = said['round'] as number;
    for (const [task, loss] of Object.entries(said['losses'] as Record<string, number | null>)) {
      const kept = counted.get(round);
      if (kept && task in kept && kept[task] !== loss)
        throw new Error(`${from} had the loss ${loss} in round ${round}, the coordinator counted ${kept[task]}`);
    }
  }
  return { trained, attempts: last.attempt + 1 };
}

/** Every line must be whole: what a crash tore off was cut before more was written. */
function eventsIn(file: string): RunEvent[] {
  const text = readFileSync(file, 'utf8');
  if (!text.endsWith('\n')) throw new Error(`${file} ends within a line`);
  return text
    .trimEnd()
    .split('\n')
    .map((line, place) => {
      try {
        return JSON.parse(line) as RunEvent;
      } catch {
        throw new Error(`${file}:${place + 1} is not whole: ${line.slice(0, 100)}`);
      }
    });
}
