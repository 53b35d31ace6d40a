import { fail, TrunklineError } from '@trunkline/protocol';
import type { Disk } from '@trunkline/model/store';
import { diskCheckpoints, type Checkpoints, type RunSnapshot } from './checkpoints.ts';
import type { RunConfig } from './config.ts';
import type { Continuation } from './core-contract.ts';
import { readLoss, toldLoss } from './journal/loss.ts';
import { readJournal, setJournalAside, type FoundJournal } from './journal/read-journal.ts';
import { setBack } from './journal/set-back.ts';
import { createLedger, memoryLedger, readLedger, type Ledger } from './ledger.ts';
import { planRun, type Plan } from './plan.ts';
import { readResult } from './result.ts';
import { effectiveConfig, holdsRun, readConfig, writeConfig } from './run-folder.ts';
import type { RunEvent } from './run-events.ts';
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
  readonly damaged: readonly FoundDamage[];
}

/** What an event `damaged` says. */
export type FoundDamage = Omit<Extract<RunEvent, { event: 'damaged' }>, 'event'>;

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
  const others: FoundDamage[] = [];
  const said = (one: FoundDamage) => void others.push(one);
  const result = readResult(disk, folder, said);
  const end = result && plan.config.rounds <= result.planned ? result : null;
  const found = { sound, attempt: ledger.attempt, over: end !== null, said };
  const record = plan.pace.journal ? journalOf(plan, options, found) : undefined;
  const newest = record ? record.snapshot : sound.at(-1);
  /** The first may have been under way: nobody was called to a round yet. */
  const lost = ledger.attempt > 0 || damaged.some(({ finished }) => finished);
  const problem = damaged.length > 0 ? 'all its checkpoints are damaged.' : 'its checkpoints are gone.';
  if (!newest && !record && lost) throw fail('FOLDER_BROKEN', { folder, problem });
  writeConfig(disk, folder, plan);
  const from = newest && {
    snapshot: newest,
    // More rounds than it ended with were asked for: the end is none any more.
    points: sound.map(({ version, streaks, enough }) => ({
      round: version,
      streaks,
      enough: !result && enough === true,
    })),
    result: end,
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
 * everyone goes back to a checkpoint, as in `sync`. Which answers a step had counted in other modes nothing else knows: there the run goes back to
 * the newest point that what is left leads to, and what is lost is said.
 * @throws JOURNAL_DAMAGED where there is no such point, JOURNAL_VERSION
 */
function journalOf(
  { pace }: Plan,
  { disk, folder }: OpenRunOptions,
  found: {
    sound: readonly RunSnapshot[];
    attempt: number;
    /** Nothing is written any more. */
    over: boolean;
    said: (one: FoundDamage) => void;
  },
): FoundJournal | undefined {
  const { sound, attempt, over, said } = found;
  const read = () => {
    const journal = readJournal(disk, folder, sound);
    const loss = journal ? undefined : readLoss(disk, folder);
    // With a journal the core says it, once it knows what else begins anew.
    if (loss && loss.attempt >= attempt) said(toldLoss(loss));
    return journal;
  };
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof TrunklineError) || thrown.code !== 'JOURNAL_DAMAGED') throw thrown;
    const problem = thrown.message;
    if (over) {
      said({ file: 'journal', problem });
      return undefined;
    }
    if (pace.patience.onMissing === 'proceed') {
      if (!setBack(disk, folder, { sound, attempt, problem })) throw thrown;
      return read();
    }
    if (sound.length === 0) throw thrown;
    const aside = setJournalAside(disk, folder);
    said({
      file: 'journal',
      problem: `${problem} It is kept as ${aside}; the run goes back to a checkpoint that all hold`,
    });
    return undefined;
  }
}

function begin(plan: Plan, { disk, folder, durable, birth }: OpenRunOptions): OpenedRun {
  const ledger = durable ? createLedger(disk, folder, birth()) : memoryLedger(birth());
  writeConfig(disk, folder, plan);
  const checkpoints = durable ? diskCheckpoints(disk, folder) : null;
  return { plan, ledger, checkpoints, from: undefined, record: undefined, damaged: [] };
}

function damageIn({ torn, damaged }: FoundJournal): FoundDamage[] {
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
