import type { TrunklineError } from '@trunkline/protocol';
import type { Disk } from '@trunkline/model/store';
import type { RunJournal } from '../core-contract.ts';
import type { OpenedRun } from '../open-run.ts';
import { openJournal } from './journal.ts';
import { journalFolder } from './read-journal.ts';

/** Opens a run's journal for writing, in modes that keep one. @throws STORAGE_FAILED */
export function openRecord(
  { plan, checkpoints, from, record: found }: OpenedRun,
  options: { disk: Disk; folder: string; failed: (error: TrunklineError) => void },
): RunJournal | null {
  // Without checkpoints nothing could go on by it; a run that is over writes nothing more.
  if (!plan.pace.journal || !checkpoints || from?.result) return null;
  const { keepJournal, journalMb } = plan.config.record;
  const { disk, folder, failed } = options;
  const segments = found?.segments ?? [];
  const first = from ? 1 : 0;
  const journal = openJournal({ disk, folder: journalFolder(folder), segments, first, keep: keepJournal, failed });
  return { journal, found, budget: journalMb * 1e6 };
}
