import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { emptyHistory, EVENTS, ROWS, take } from './history.ts';
import { historyOf, keepHistory } from './kept-history.ts';

it('stays within its bounds whatever comes', () => {
  const history = emptyHistory();
  for (let round = 0; round < 1_000; round++) {
    const losses = Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`t${round}-${i}`, 1]));
    const timing = { answersMs: 1, aggregateMs: 1, roundMs: 3 };
    const none = { weights: null, stationary: false, clients: {}, bytes: { up: 1, down: 1 } };
    take(history, { event: 'round', round, attempt: 0, losses, timing, ...none }, new Date(round));
    take(history, { event: 'paused', round }, new Date(round));
  }
  expect(history.rows.size).toBe(ROWS);
  expect(history.events.length).toBeLessThanOrEqual(2 * EVENTS);
  expect(history.forgotten + history.events.length).toBe(1_000);
});

it('is kept beside the log, and read anew from a log that went on', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-history-'));
  const log = join(folder, 'events.jsonl');
  const line = (round: number) => `${JSON.stringify({ at: new Date(round).toISOString(), event: 'paused', round })}\n`;
  writeFileSync(log, line(0));
  const history = historyOf(folder);
  take(history, { event: 'conflicts', round: 3, tasks: ['a'], cosines: [1], norms: [2] }, new Date(3));
  keepHistory(folder, history);
  expect(historyOf(folder)).toEqual(history);
  writeFileSync(log, line(0) + line(1));
  expect(historyOf(folder).conflicts).toBeNull();
  expect(historyOf(folder).events).toHaveLength(2);
  rmSync(folder, { recursive: true, force: true });
});
