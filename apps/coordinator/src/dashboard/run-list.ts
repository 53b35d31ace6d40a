import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { openControlLine } from '../control-line.ts';
import { runsIn } from '../find-run.ts';
import type { RunEvent } from '../run-events.ts';
import { plannedRounds } from '../told-run.ts';

/** So much of a log's end is read: a list of hundreds of runs must open at once. */
const TAIL = 1 << 18;

/** One line of the list of runs. */
export interface ListedRun {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly changed: number;
  /** `running`: a process holds it; `unfinished`: none does, and its log says nothing of an end. */
  readonly state: 'running' | 'finished' | 'failed' | 'stopped' | 'unfinished';
  /** Rounds trained; null where the end of its log names none. */
  readonly round: number | null;
  readonly rounds: number | null;
  /** By metric the mean over its tasks: on the test splits once it is over, else the newest on the validation splits. */
  readonly scores: readonly { readonly metric: string; readonly mean: number; readonly tasks: number }[];
  readonly split: 'test' | 'validation' | null;
  /** Mean gain relative to alone, in %; positive = better together; null where alone was not trained. */
  readonly deltaM: number | null;
}

/** All runs of a folder, the newest first. */
export function runList(runs: string): Promise<ListedRun[]> {
  return Promise.all(runsIn(runs).map((name) => listed(join(runs, name), name)));
}

async function listed(folder: string, name: string): Promise<ListedRun> {
  const file = join(folder, 'events.jsonl');
  const { state: told, round, validation } = endOf(file);
  const state = told === 'unfinished' && (await isHeld(folder)) ? 'running' : told;
  const result = resultOf(folder);
  const scores = meansOf(result.tasks);
  const known = scores.length > 0 ? scores : meansOf(validation);
  return {
    ...{ name, changed: statSync(file).mtimeMs, state, round, rounds: plannedRounds(folder) },
    ...{ scores: known, split: scores.length > 0 ? 'test' : known.length > 0 ? 'validation' : null },
    deltaM: result.deltaM ?? null,
  };
}

async function isHeld(folder: string): Promise<boolean> {
  try {
    const line = await openControlLine(folder);
    line?.close();
    return line !== null;
  } catch {
    // Somebody holds it who does not answer, or whose socket is another user's.
    return true;
  }
}

type Score = readonly [metric: string, value: number | null];

function endOf(file: string): { state: ListedRun['state']; round: number | null; validation: Score[] } {
  let state: ListedRun['state'] = 'unfinished';
  let round: number | null = null;
  let validation: Score[] = [];
  for (const line of tailOf(file)) {
    const event = eventOf(line);
    if (event?.event === 'round') [state, round] = ['unfinished', event.round + 1];
    else if (event?.event === 'listening') state = 'unfinished';
    else if (event?.event === 'finished') [state, round] = ['finished', event.rounds];
    else if (event?.event === 'error') state = 'failed';
    else if (event?.event === 'stopped') state = 'stopped';
    else if (event?.event === 'scores' && event.split === 'validation')
      validation = event.tasks.flatMap(({ metrics }) => Object.entries(metrics).slice(0, 1));
  }
  return { state, round, validation };
}

/** The whole lines at the end of a log. */
function tailOf(file: string): string[] {
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    const bytes = Buffer.alloc(Math.min(size, TAIL));
    const read = readSync(handle, bytes, 0, bytes.length, size - bytes.length);
    const lines = bytes.toString('utf8', 0, read).split('\n');
    return size > TAIL ? lines.slice(1) : lines;
  } finally {
    closeSync(handle);
  }
}

function eventOf(line: string): RunEvent | undefined {
  try {
    return JSON.parse(line) as RunEvent;
  } catch {
    // The last line may be under way, or torn by a crash.
    return undefined;
  }
}

function meansOf(scores: readonly Score[]): ListedRun['scores'] {
  const by = new Map<string, number[]>();
  for (const [metric, value] of scores) if (value !== null) by.set(metric, [...(by.get(metric) ?? []), value]);
  return [...by].map(([metric, values]) => ({
    metric,
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    tasks: values.length,
  }));
}

const figure = z.number().nullable();
/** A simulation's result names each task's metric; a coordinator's own gives the metrics in their order. */
const scored = z.union([
  z.object({ metric: z.string(), together: figure }).transform(({ metric, together }): Score => [metric, together]),
  z
    .object({ metrics: z.record(z.string(), figure) })
    .transform(({ metrics }): Score => Object.entries(metrics)[0] ?? ['', null]),
]);
const resultSchema = z.object({ deltaM: figure.optional(), tasks: z.array(scored) });

function resultOf(folder: string): z.output<typeof resultSchema> {
  const file = join(folder, 'result.json');
  try {
    if (existsSync(file)) return resultSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // A result that cannot be read is a matter for who opens the run: its line is shown all the same.
  }
  return { tasks: [] };
}
