import { closeSync, fstatSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '@trunkline/protocol';
import type { RunEvent } from '../run-events.ts';
import type { OpenSink } from './open-sink.ts';

type Cell = string | number | null | undefined;

const HEADS = {
  'rounds.csv': ['at', 'round', 'attempt', 'row', 'loss', 'weight'],
  'scores.csv': ['at', 'version', 'split', 'task', 'client', 'metric', 'value'],
  'clients.csv': ['at', 'round', 'attempt', 'client', 'waitMs', 'stepMs', 'sendMs', 'rows', 'up', 'down'],
} as const;
type Name = keyof typeof HEADS;

/**
 * Three tables as RFC 4180 (2005) has them: `rounds.csv` (a line a row of a round), `scores.csv` (a line a score), `clients.csv` (a line
 * a client of a round). Goes on at their ends; what is undefined or not finite is an empty cell. @throws STORAGE_FAILED
 */
export function csvSink(folder: string): OpenSink {
  const guarded = <T>(file: string, write: () => T): T => {
    try {
      return write();
    } catch (cause) {
      throw fail('STORAGE_FAILED', { file: join(folder, file), reason: (cause as Error).message }, cause);
    }
  };
  guarded('', () => mkdirSync(folder, { recursive: true }));
  const names = Object.keys(HEADS) as Name[];
  const open = (name: Name) =>
    guarded(name, () => {
      const handle = openSync(join(folder, name), 'a');
      if (fstatSync(handle).size === 0) writeSync(handle, lineOf(HEADS[name]));
      return handle;
    });
  const handles = new Map(names.map((name) => [name, open(name)]));
  const write = (name: Name, rows: readonly (readonly Cell[])[]) => {
    if (rows.length > 0) guarded(name, () => writeSync(handles.get(name)!, rows.map(lineOf).join('')));
  };
  return {
    sink(event, at) {
      const time = at.toISOString();
      if (event.event === 'scores') write('scores.csv', scoreRows(event, time));
      if (event.event !== 'round') return;
      const { round, attempt, losses, weights } = event;
      write(
        'rounds.csv',
        Object.entries(losses).map(([row, loss]) => [time, round, attempt, row, loss, weights?.[row]]),
      );
      write(
        'clients.csv',
        Object.entries(event.clients).map(([client, { waitMs, stepMs, sendMs, rows, up, down }]) => {
          return [time, round, attempt, client, waitMs, stepMs, sendMs, rows, up, down];
        }),
      );
    },
    close: () => Promise.resolve([...handles.values()].forEach((handle) => closeSync(handle))),
  };
}

const scoreRows = ({ version, split, tasks }: RunEvent & { event: 'scores' }, time: string): Cell[][] =>
  tasks.flatMap(({ task, client, loss, metrics }) =>
    Object.entries({ loss, ...metrics }).map(([metric, value]) => [time, version, split, task, client, metric, value]),
  );

const lineOf = (cells: readonly Cell[]): string => `${cells.map(cellOf).join(',')}\r\n`;

function cellOf(cell: Cell): string {
  if (cell === null || cell === undefined || (typeof cell === 'number' && !Number.isFinite(cell))) return '';
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
