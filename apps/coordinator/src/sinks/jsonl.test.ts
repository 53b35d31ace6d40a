import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { jsonlSink } from './jsonl.ts';
import { readEvents } from './read-events.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-jsonl-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the log of events', () => {
  it('stays within its budget, keeps the newest lines whole and in order, and is read over all its parts', () => {
    const file = join(folder, 'events.jsonl');
    const budget = 2_000;
    for (let round = 0; round < 200; round++) {
      // Each process appends to what the one before left.
      const log = jsonlSink(file, budget);
      log.sink({ event: 'stopped', round }, new Date(0));
      log.close();
      const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
      expect(bytes).toBeLessThanOrEqual(budget);
    }
    const rounds = [...readEvents(file)].map(({ event }) => ('round' in event ? event.round : -1));
    expect(rounds.length).toBeGreaterThan(15);
    expect(rounds).toEqual(Array.from({ length: rounds.length }, (_, i) => 200 - rounds.length + i));
  });
});
