import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OLD_PARTS, oldPart } from '../sinks/jsonl.ts';
import { readEvents } from '../sinks/read-events.ts';
import { emptyHistory, take, type History } from './history.ts';

const FORMAT = 1;
const fileOf = (folder: string): string => join(folder, 'history.json');

/** How many bytes the log and its older parts hold: a history of another count is of another log. */
function logged(folder: string): number {
  const file = join(folder, 'events.jsonl');
  const parts = [file, ...Array.from({ length: OLD_PARTS }, (_, i) => oldPart(file, i + 1))];
  return parts.reduce((sum, part) => sum + (existsSync(part) ? statSync(part).size : 0), 0);
}

/** What a run's folder tells of it: its kept history where that is up to date, otherwise its log read anew. @throws STORAGE_FAILED */
export function historyOf(folder: string): History {
  const kept = readHistory(folder);
  if (kept) return kept;
  const history = emptyHistory();
  for (const { event, at } of readEvents(join(folder, 'events.jsonl'))) take(history, event, at);
  return history;
}

/** Keeps the history beside the log, so that a long run opens at once and a log that was rotated is shown whole. */
export function keepHistory(folder: string, history: History): void {
  try {
    const kept: Kept = { format: FORMAT, logged: logged(folder), history: packed(history) };
    writeFileSync(fileOf(folder), JSON.stringify(kept));
  } catch {
    // The log has it all: without this file it is read anew.
  }
}

function readHistory(folder: string): History | undefined {
  try {
    const text = readFileSync(fileOf(folder), 'utf8');
    const { format, logged: bytes, history } = JSON.parse(text) as Kept;
    return format === FORMAT && bytes === logged(folder) ? unpacked(history) : undefined;
  } catch {
    // None, or one that was cut: the log is read instead.
    return undefined;
  }
}

/** Maps as lists: a reviver that looks at every number would cost more than all the rest. */
function packed(history: History) {
  const { record, rows, unshown } = history;
  const clients = [...record.clients.values()].map((client) => ({ ...client, diverging: [...client.diverging] }));
  return {
    ...{ ...history, rows: [...rows], unshown: [...unshown] },
    record: { ...record, clients, strangers: [...record.strangers] },
  };
}

type Packed = ReturnType<typeof packed>;

interface Kept {
  readonly format: number;
  readonly logged: number;
  readonly history: Packed;
}

function unpacked(kept: Packed): History {
  const { record } = kept;
  const clients = record.clients.map((client) => ({ ...client, diverging: new Map(client.diverging) }));
  return {
    ...{ ...kept, rows: new Map(kept.rows), unshown: new Set(kept.unshown) },
    record: {
      ...record,
      clients: new Map(clients.map((client) => [client.client, client])),
      strangers: new Map(record.strangers),
    },
  };
}
