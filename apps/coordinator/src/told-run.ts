import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readListening } from './door/listening.ts';
import type { OperatorView } from './operator-view.ts';
import { operatorView } from './operator-view.ts';
import { emptyRecord, record, type RunRecord } from './run-record.ts';
import { readEvents } from './sinks/read-events.ts';
import type { FoundRun } from './find-run.ts';

/** How a run stands: told by the process that holds it, otherwise by its folder. @throws CONTROL_SILENT, STORAGE_FAILED */
export async function toldRun({ folder, line }: FoundRun, now: Date): Promise<OperatorView> {
  if (line) return (await line.ask('status')) as OperatorView;
  const planned = plannedRounds(folder);
  return operatorView({
    record: { ...recordOf(folder), folder },
    planned,
    live: null,
    ca: caOf(folder),
    now: now.getTime(),
  });
}

/** The certificate that clients of the run need as `--ca`, where they need one. */
export const caOf = (folder: string): string | null => readListening(folder)?.ca ?? null;

/** What the log of a run folder says. @throws STORAGE_FAILED */
function recordOf(folder: string): RunRecord {
  const told = emptyRecord();
  for (const { event, at } of readEvents(join(folder, 'events.jsonl'))) record(told, event, at);
  return told;
}

/** The rounds that the run is planned for; null where its configuration cannot be read. */
export function plannedRounds(folder: string): number | null {
  const file = join(folder, 'config.yaml');
  if (!existsSync(file)) return null;
  try {
    const { rounds } = parse(readFileSync(file, 'utf8')) as { rounds?: unknown };
    return typeof rounds === 'number' ? rounds : null;
  } catch {
    // A damaged configuration is a matter for who starts the run; its log can still be shown.
    return null;
  }
}
