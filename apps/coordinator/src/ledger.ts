import { join } from 'node:path';
import { z } from 'zod';
import { fail, type TrunklineError } from '@trunkline/protocol';
import { readSealed, writeSealed, type Disk } from '@trunkline/model/store';
import type { Standing } from './round-events.ts';

/** Version of what lies in a run folder. */
export const RUN_FORMAT = 1;
const FILE = 'ledger.json';
/** Written before the other: should one be damaged, the other says as much. */
const COPY = 'ledger.copy.json';

export const LEDGER_FILES: readonly string[] = [FILE, COPY];

const attemptSchema = z.object({
  attempt: z.number().int().nonnegative(),
  /** The round that it began with. */
  from: z.number().int().nonnegative(),
  /** Its newest checkpoint, written down when the next attempt begins. */
  reached: z.number().int().nonnegative().nullable(),
});

const ledgerSchema = z.object({
  format: z.number(),
  birth: z.string(),
  port: z.number().int().nullable(),
  attempts: z.array(attemptSchema).min(1),
});
type LedgerFile = z.output<typeof ledgerSchema>;

/**
 * What a run remembers beside its checkpoints, `ledger.json`: which run it is, where it listened, and every attempt with the newest round
 * that it is known to have reached. An attempt is written down before anyone hears of it, so that none is ever used twice.
 */
export interface Ledger {
  /** Tells this run from an earlier one of the same name. */
  readonly birth: string;
  readonly port: number | null;
  /** The last attempt that anyone may have been told. */
  readonly attempt: number;
  listened(port: number): void;
  /** A new attempt begins, from `round`, which everyone goes back to. @throws STORAGE_FAILED */
  begin(attempt: number, round: number): void;
  /** The same, but that clients keep what they hold. @throws STORAGE_FAILED */
  renew(attempt: number, round: number): void;
  /** A checkpoint of the attempt under way is durable, or the journal leads there. */
  saved(round: number): void;
  /**
   * Why what a client holds cannot come from this folder: a round or an attempt that it knows nothing of. Then the folder is older than its
   * clients, a backup that was put back. null: nothing speaks against it.
   */
  contradicts(client: string, stands: Standing | undefined, holds: readonly number[]): TrunklineError | null;
}

/** @param newest the newest checkpoint in the folder, damaged ones included; null: none @throws FOLDER_FORMAT, FOLDER_BROKEN */
export function readLedger(disk: Disk, folder: string, newest: number | null): Ledger | undefined {
  const found = LEDGER_FILES.map((name) => readSealed(disk, join(folder, name)));
  if (found.every((one) => one === undefined)) return undefined;
  const whole = found.find((one) => one && one.problem === undefined);
  const problem = `${FILE} and its copy are damaged or of another program.`;
  const broken = (cause?: unknown) => fail('FOLDER_BROKEN', { folder, problem }, cause);
  if (!whole || whole.problem !== undefined) throw broken();
  const format = (whole.value as { format?: unknown } | null)?.format;
  if (typeof format === 'number' && format !== RUN_FORMAT)
    throw fail('FOLDER_FORMAT', { file: join(folder, FILE), found: format, expected: RUN_FORMAT });
  const parsed = ledgerSchema.safeParse(whole.value);
  if (!parsed.success) throw broken(parsed.error);
  return ledgerOver(parsed.data, newest, (data) => write(disk, folder, data));
}

/** The ledger of a new run. @param birth made by chance @throws STORAGE_FAILED */
export function createLedger(disk: Disk, folder: string, birth: string): Ledger {
  const data = firstPage(birth);
  write(disk, folder, data);
  return ledgerOver(data, null, (next) => write(disk, folder, next));
}

/** One that nothing is written of: such a run cannot go on. */
export const memoryLedger = (birth: string): Ledger => ledgerOver(firstPage(birth), null, () => undefined);

const firstPage = (birth: string): LedgerFile => ({
  format: RUN_FORMAT,
  birth,
  port: null,
  attempts: [{ attempt: 0, from: 0, reached: null }],
});

function ledgerOver(first: LedgerFile, newest: number | null, keep: (data: LedgerFile) => void): Ledger {
  let data = first;
  let reached = newest;
  const put = (next: LedgerFile) => {
    keep(next);
    data = next;
  };
  const last = () => data.attempts.at(-1)!;
  const next = (attempt: number, round: number) => {
    const before = { ...last(), reached };
    put({ ...data, attempts: [...data.attempts.slice(0, -1), before, { attempt, from: round, reached: null }] });
  };
  return {
    birth: data.birth,
    get port() {
      return data.port;
    },
    get attempt() {
      return last().attempt;
    },
    listened(port) {
      if (port !== data.port) put({ ...data, port });
    },
    begin(attempt, round) {
      next(attempt, round);
      reached = round;
    },
    renew: next,
    saved: (round) => void (reached = Math.max(round, reached ?? 0)),
    contradicts(client, stands, holds) {
      if (!stands) return null;
      const known = data.attempts.find(({ attempt }) => attempt === stands.attempt);
      const until = known === last() ? (reached ?? 0) : (known?.reached ?? 0);
      const found = Math.max(...holds, known ? 0 : stands.round);
      return known && found <= until ? null : fail('RUN_OLDER', { client, found, expected: until });
    },
  };
}

function write(disk: Disk, folder: string, data: LedgerFile): void {
  for (const name of [COPY, FILE]) {
    const file = join(folder, name);
    try {
      writeSealed(disk, file, data);
    } catch (cause) {
      throw fail('STORAGE_FAILED', { file, reason: (cause as Error).message }, cause);
    }
  }
}
