import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fail, fromReport, type ErrorReport, type TrunklineError } from '@trunkline/protocol';
import { runChild } from '../simulate/child.ts';
import { readCell, writeCell, type FinishedCell } from './cells.ts';
import type { CellCall } from './cell.ts';
import type { PlannedCell } from './plan.ts';
import type { Trained } from './train.ts';

export interface ScheduleOptions {
  readonly cache: string;
  readonly overrides: readonly string[];
  /** No cell is begun after so many hours. */
  readonly hours: number;
  readonly say: (text: string) => void;
  readonly signal?: AbortSignal;
  /** Trains one cell; default: in a process of its own. */
  readonly train?: (cell: PlannedCell) => Promise<Trained>;
  readonly lanes?: number;
  readonly now?: () => Date;
}

export interface Scheduled {
  readonly finished: readonly FinishedCell[];
  readonly left: readonly PlannedCell[];
  /** Cells whose training failed, with the reason. */
  readonly failed: readonly { readonly cell: PlannedCell; readonly error: TrunklineError }[];
}

/** Trains the cells that the cache does not hold, as many at a time as there are cores, and keeps each as soon as it is done. */
export async function fillCells(cells: readonly PlannedCell[], options: ScheduleOptions): Promise<Scheduled> {
  const { cache, say, signal, lanes = availableParallelism(), now = () => new Date() } = options;
  const train = options.train ?? ((cell) => trainInChild(cell, options));
  const finished = new Map<PlannedCell, FinishedCell>();
  for (const cell of cells) {
    const known = readCell(cache, cell);
    if (known) finished.set(cell, known);
  }
  const todo = cells.filter((cell) => !finished.has(cell));
  const failed: { cell: PlannedCell; error: TrunklineError }[] = [];
  const end = now().getTime() + options.hours * 3_600_000;
  if (todo.length > 0) say(`${cells.length} cells, ${finished.size} from the cache, ${todo.length} to train`);
  let next = 0;
  let done = 0;
  const lane = async () => {
    while (next < todo.length && !signal?.aborted && now().getTime() < end) {
      const cell = todo[next++]!;
      try {
        const trained = await train(cell);
        const { dataSet, method, seed, key } = cell;
        const whole: FinishedCell = { dataSet, method, seed, key, ...trained, date: now().toISOString().slice(0, 10) };
        writeCell(cache, whole);
        finished.set(cell, whole);
        say(
          `${cell.dataSet} ${cell.method} seed ${cell.seed}: ${trained.seconds.toFixed(0)} s; ${todo.length - ++done} left`,
        );
      } catch (thrown) {
        if (signal?.aborted) return;
        const error = thrown as TrunklineError;
        failed.push({ cell, error });
        say(`${cell.dataSet} ${cell.method} seed ${cell.seed} failed: ${error.message}; ${todo.length - ++done} left`);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(lanes, todo.length)) }, lane));
  const broken = new Set(failed.map(({ cell }) => cell));
  return {
    finished: cells.flatMap((cell) => finished.get(cell) ?? []),
    left: cells.filter((cell) => !finished.has(cell) && !broken.has(cell)),
    failed,
  };
}

async function trainInChild(cell: PlannedCell, { cache, overrides, signal }: ScheduleOptions): Promise<Trained> {
  const { run, method, seed, dataSet } = cell;
  let trained: Trained | undefined;
  let failure: TrunklineError | undefined;
  const child = runChild({
    entry: 'test/dist/leaderboard/cell.js',
    args: [JSON.stringify({ run, method, seed, overrides } satisfies CellCall)],
    log: join(cache, 'logs', `${dataSet}-${method}-${seed}.log`),
    heard({ event, ...line }) {
      if (event === 'error') failure = fromReport(line as unknown as ErrorReport);
      if (event === 'trained') trained = line as unknown as Trained;
    },
  });
  const stop = () => child.stop();
  signal?.addEventListener('abort', stop);
  const { code, how } = await child.exited;
  signal?.removeEventListener('abort', stop);
  if (code === 0 && trained) return trained;
  const reason = child.lastWords().split('\n').at(-1) ?? '';
  const remedy = `Its log lies in the cache under logs/.`;
  throw failure ?? fail('CLIENT_FAILED', { client: `${dataSet} ${method}`, how, reason, remedy });
}
