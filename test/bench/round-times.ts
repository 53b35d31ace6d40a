import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '@trunkline/coordinator';

export type RoundEvent = Extract<RunEvent, { event: 'round' }>;
export type Stamped = RunEvent & { readonly at: string };

/** All that a run wrote down, with its times. */
export const eventsOf = (folder: string): Stamped[] =>
  readFileSync(join(folder, 'events.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Stamped);

/** Its rounds, in their order. */
export const roundsOf = (folder: string): RoundEvent[] =>
  eventsOf(folder).filter((event): event is RoundEvent & Stamped => event.event === 'round');
