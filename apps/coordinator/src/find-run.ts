import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '@trunkline/protocol';
import { openControlLine, type ControlLine } from './control-line.ts';

/** A run that was meant, and the line to who holds it; null: nobody does. */
export interface FoundRun {
  readonly folder: string;
  readonly line: ControlLine | null;
}

const isRun = (folder: string): boolean => existsSync(join(folder, 'events.jsonl'));

/**
 * The run that a command means: a folder, a name in the folder of all runs, or, when nothing is named, the only live one there; where
 * none is live, the only one.
 * @throws RUN_UNKNOWN, RUN_AMBIGUOUS, CONTROL_SILENT
 */
export async function findRun(named: string | undefined, runs: string): Promise<FoundRun> {
  if (named !== undefined) {
    const folder = [named, join(runs, named)].find(isRun);
    if (folder === undefined) throw unknown(named, runs);
    return { folder, line: await openControlLine(folder) };
  }
  const live: { folder: string; line: ControlLine }[] = [];
  for (const name of runsIn(runs)) {
    const line = await openControlLine(join(runs, name));
    if (line) live.push({ folder: join(runs, name), line });
  }
  if (live.length === 1) return live[0]!;
  for (const { line } of live) line.close();
  const all = runsIn(runs);
  if (live.length === 0 && all.length === 1) return { folder: join(runs, all[0]!), line: null };
  if (live.length === 0) throw unknown('that is live', runs);
  const known = live.map(({ folder }) => folder).join(', ');
  throw fail('RUN_AMBIGUOUS', { count: live.length, runs, known });
}

/** Names of all runs in the folder, the newest first. */
export function runsIn(runs: string): string[] {
  if (!statSync(runs, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(runs)
    .filter((name) => isRun(join(runs, name)))
    .map((name) => ({ name, changed: statSync(join(runs, name, 'events.jsonl')).mtimeMs }))
    .sort((a, b) => b.changed - a.changed)
    .map(({ name }) => name);
}

/** The newest names: a folder of hundreds would fill the screen. */
const SHOWN = 8;

function unknown(run: string, runs: string) {
  const names = runsIn(runs);
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return fail('RUN_UNKNOWN', {
    run,
    runs,
    known: names.length === 0 ? 'none is there' : names.slice(0, SHOWN).join(', ') + more,
  });
}
