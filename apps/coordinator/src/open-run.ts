import { fail, TrunklineError } from '@trunkline/protocol';
import type { Damaged, Disk } from '@trunkline/model/store';
import { diskCheckpoints, type Checkpoints, type RunSnapshot } from './checkpoints.ts';
import type { RunConfig } from './config.ts';
import type { Continuation } from './core-contract.ts';
import { readJournal, setJournalAside, type FoundJournal } from './journal/read-journal.ts';
import { createLedger, memoryLedger, readLedger, type Ledger } from './ledger.ts';
import { planRun, type Plan } from './plan.ts';
import { readResult } from './result.ts';
import { effectiveConfig, holdsRun, readConfig, writeConfig } from './run-folder.ts';
import { refuseChange } from './same-config.ts';

export interface OpenRunOptions {
  readonly disk: Disk;
  /** Exists, and is held by this process alone. */
  readonly folder: string;
  /** A run that lies there goes on; otherwise it is refused. */
  readonly resume: boolean;
  /** false: nothing is kept that a run could go on from. */
  readonly durable: boolean;
  /** Name of a new run among all of the same id, by chance. */
  readonly birth: () => string;
}

/** A run folder, opened: a new run, or where one goes on. */
export interface OpenedRun {
  readonly plan: Plan;
  readonly ledger: Ledger;
  readonly checkpoints: Checkpoints | null;
  readonly from: Continuation | undefined;
  /** The journal that it goes on by, in modes that keep one. */
  readonly record: FoundJournal | undefined;
  /** Checkpoints that could not be used and were set aside, and damage in the journal that does no harm. */
  readonly damaged: readonly Pick<Damaged, 'file' | 'problem'>[];
}

/**
 * Begins a run in its folder, or finds where it goes on: format, configuration, then the newest checkpoint that is whole.
 * @throws RUN_FOLDER_EXISTS, RUN_CONFIG_CHANGED, FOLDER_FORMAT, FOLDER_BROKEN, SNAPSHOT_BROKEN, STORAGE_FAILED, and what `planRun` throws
 */
export function openRun(config: RunConfig, options: OpenRunOptions): OpenedRun {
  const { disk, folder, durable } = options;
  if (!holdsRun(disk, folder)) return begin(planRun(config), options);
  if (!options.resume) throw fail('RUN_FOLDER_EXISTS', { folder });
  const checkpoints = diskCheckpoints(disk, folder);
  const ledger = readLedger(disk, folder, checkpoints.newest());
  // Written without durability, or by a release from before it: there is nothing to go on from.
  if (!ledger || !durable) throw fail('RUN_FOLDER_EXISTS', { folder });
  const before = readConfig(disk, folder);
  const plan = planRun(before ? withDefaultsOf(config, before) : config);
  if (before) refuseChange(folder, before, effectiveConfig(plan));
  const { sound, damaged } = checkpoints.survey();
  const others: OpenedRun['damaged'][number][] = [];
  const record = plan.pace.journal ? journalOf(plan, options, { sound, said: (one) => others.push(one) }) : undefined;
  const newest = record ? record.snapshot : sound.at(-1);
  /** The first may have been under way: nobody was called to a round yet. */
  const lost = ledger.attempt > 0 || damaged.some(({ finished }) => finished);
  const problem = damaged.length > 0 ? 'all its checkpoints are damaged.' : 'its checkpoints are gone.';
  if (!newest && !record && lost) throw fail('FOLDER_BROKEN', { folder, problem });
  writeConfig(disk, folder, plan);
  const result = readResult(disk, folder, (found) => void others.push(found));
  const from = newest && {
    snapshot: newest,
    // More rounds than it ended with were asked for: the end is none any more.
    points: sound.map(({ version, streaks, enough }) => ({
      round: version,
      streaks,
      enough: !result && enough === true,
    })),
    result: result && plan.config.rounds <= result.planned ? result : null,
  };
  return {
    plan,
    ledger,
    checkpoints,
    from,
    record,
    damaged: [...damaged, ...others, ...(record ? damageIn(record) : [])],
  };
}

/**
 * The journal that a run goes on by. Where a mode waits for everyone, rounds repeat to the same bytes: a damaged journal is set aside and said, and
 * everyone goes back to a checkpoint, as in `sync`. Which answers a step had counted in other modes nothing else knows.
 * @throws JOURNAL_DAMAGED, JOURNAL_VERSION
 */
function journalOf(
  { pace }: Plan,
  { disk, folder }: OpenRunOptions,
  { sound, said }: { sound: readonly RunSnapshot[]; said: (one: OpenedRun['damaged'][number]) => void },
): FoundJournal | undefined {
  try {
    return readJournal(disk, folder, sound);
  } catch (thrown) {
    const repeats = pace.patience.onMissing === 'wait' && sound.length > 0;
    if (!repeats || !(thrown instanceof TrunklineError) || thrown.code !== 'JOURNAL_DAMAGED') throw thrown;
    const aside = setJournalAside(disk, folder);
    const problem = `${thrown.message} It is kept as ${aside}; the run goes back to a checkpoint that all hold`;
    said({ file: 'journal', problem });
    return undefined;
  }
}

function begin(plan: Plan, { disk, folder, durable, birth }: OpenRunOptions): OpenedRun {
  const ledger = durable ? createLedger(disk, folder, birth()) : memoryLedger(birth());
  writeConfig(disk, folder, plan);
  const checkpoints = durable ? diskCheckpoints(disk, folder) : null;
  return { plan, ledger, checkpoints, from: undefined, record: undefined, damaged: [] };
}

function damageIn({ torn, damaged }: FoundJournal): Pick<Damaged, 'file' | 'problem'>[] {
  const cut = torn && { file: torn.file, problem: `an unfinished record at its end (${torn.bytes} bytes) was cut` };
  return [...(cut ? [cut] : []), ...damaged.map((error) => ({ file: 'journal', problem: error.message }))];
}

/** Defaults that follow from `rounds` stay what they were when more rounds are asked for. */
function withDefaultsOf(config: RunConfig, before: Readonly<Record<string, unknown>>): RunConfig {
  const given = (config.source.value ?? {}) as Readonly<Record<string, unknown>>;
  const kept = (['evaluateEvery', 'probeEvery'] as const).filter(
    (key) => given[key] === undefined && typeof before[key] === 'number',
  );
  return { ...config, ...Object.fromEntries(kept.map((key) => [key, before[key]])) };
}
