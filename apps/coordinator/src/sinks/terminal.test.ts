import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../run-events.ts';
import { emptyRecord, record } from '../run-record.ts';
import { liveTable } from './live-table.ts';
import { terminalSink } from './terminal.ts';
import { arrow, sparkline } from './trend.ts';

const joined = (client: string): RunEvent => ({
  event: 'joined',
  client,
  tasks: [`task-${client}`],
  labelled: {},
  backend: 'cpu',
  again: false,
});
const round = (number: number, clients: readonly string[]): RunEvent => ({
  event: 'round',
  round: number,
  attempt: 0,
  losses: Object.fromEntries(clients.map((client) => [`task-${client}`, 1 / (1 + number)])),
  weights: null,
  stationary: false,
  clients: Object.fromEntries(
    clients.map((client) => [client, { waitMs: 5, stepMs: 30, sendMs: 5, rows: 64, up: 1e6, down: 2e6 }]),
  ),
  timing: { answersMs: 40, aggregateMs: 1, roundMs: 50 },
  bytes: { up: 1e6, down: 2e6 },
});
const listening: RunEvent = { event: 'listening', run: 'r', url: 'http://h:1', dashboard: null, folder: 'runs/r' };

function told(clients: readonly string[], rounds: number) {
  const all = emptyRecord();
  [listening, ...clients.map(joined), ...Array.from({ length: rounds }, (_, i) => round(i, clients))].forEach(
    (event, i) => record(all, event, new Date(1000 + i * 50)),
  );
  return all;
}
const names = (count: number) => Array.from({ length: count }, (_, i) => `c${String(i).padStart(3, '0')}`);

describe('the live table', () => {
  it.each([40, 60, 80, 100, 140])('is never wider than %i columns, nor higher than the screen', (columns) => {
    for (const count of [0, 1, 4, 200]) {
      const lines = liveTable(told(names(count), 9), 100, { columns, rows: 24 }, 5000);
      expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(columns);
      expect(lines.length).toBeLessThan(24);
    }
  });

  it('shows all columns where there is room, and the most wanted ones on 80', () => {
    const heads = (columns: number) =>
      liveTable(told(['north'], 9), 100, { columns, rows: 24 }, 5000)[0]!
        .split(/\s+/)
        .filter(Boolean);
    expect(heads(140)).toEqual([
      'client',
      'tasks',
      'state',
      'round',
      'rows/s',
      'lag',
      'up',
      'down',
      'loss',
      'score',
      'metric',
      'trend',
    ]);
    expect(heads(80)).toEqual(
      expect.arrayContaining(['client', 'state', 'round', 'rows/s', 'lag', 'up', 'down', 'loss', 'score']),
    );
  });

  it('puts first who must be looked at, and counts who finds no room', () => {
    const all = told(names(50), 3);
    record(all, { event: 'left', client: 'c049', reason: 'gone' }, new Date(9000));
    const lines = liveTable(all, 100, { columns: 80, rows: 12 }, 9500);
    expect(lines[1]).toMatch(/^c049 .*! missing/);
    expect(lines.join('\n')).toMatch(/and 43 more clients/);
  });

  it('says who is waited for, and for how long', () => {
    const all = told(['north', 'south'], 3);
    record(all, { event: 'waiting', clients: ['south'], tasks: ['x'], round: 3 }, new Date(2000));
    expect(liveTable(all, 100, { columns: 80, rows: 24 }, 14_000).at(-1)).toBe('Waiting for south, for 12 s');
  });
});

/** What a terminal shows after all of it: the few sequences that the sink writes, carried out. */
function screenOf(written: string): string[] {
  const lines = [''];
  for (const part of written.split(/(\x1b\[\d*[AJ]|\r|\n)/)) {
    const up = /^\x1b\[(\d+)A$/.exec(part);
    if (part === '\n') lines.push('');
    else if (up) cursor(lines, Number(up[1]));
    else if (part === '\x1b[J') lines[lines.length - 1] = '';
    else if (part !== '\r') lines[lines.length - 1] += part;
  }
  return lines;
}
const cursor = (lines: string[], up: number) => void lines.splice(lines.length - up);

describe('the terminal', () => {
  const drive = (isTTY: boolean) => {
    let written = '';
    let now = 1000;
    const sink = terminalSink(
      { isTTY, write: (text) => void (written += text), now: () => now, size: () => ({ columns: 80, rows: 24 }) },
      3,
    );
    const events: RunEvent[] = [
      listening,
      joined('north'),
      ...[0, 1, 2].map((i) => round(i, ['north'])),
      { event: 'finished', rounds: 3, sha256: 'ab' },
    ];
    for (const event of events) sink(event, new Date((now += 1000)));
    return written;
  };

  it('keeps every sentence above one table, which is drawn over itself', () => {
    const lines = screenOf(drive(true));
    expect(lines.filter((line) => line.startsWith('client '))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('north '))).toHaveLength(2);
    expect(lines[0]).toBe('Run r listens at http://h:1');
    expect(lines.at(-2)).toMatch(/^Round 3\/3 ━+ 100 %/);
  });

  it('writes whole lines and no control sequence where nobody looks', () => {
    const written = drive(false);
    expect(written).not.toMatch(/[\x1b\r]/);
    expect(written.split('\n')).toHaveLength(5);
  });
});

describe('a trend', () => {
  it('points down, up or level, and marks what is not finite', () => {
    expect([arrow([4, 3, 2, 1]), arrow([1, 2, 3, 4]), arrow([1, 1, 1, 1]), arrow([1, 2])]).toEqual([
      '↓',
      '↑',
      '→',
      ' ',
    ]);
    expect(sparkline([0, 1, null, 0.5], 4)).toBe('▁█×▅');
    expect(sparkline([5, 5], 4)).toBe('▅▅');
  });
});
