import { join } from 'node:path';
import { z } from 'zod';
import { readSealed, writeSealed, type Disk } from '@trunkline/model/store';

const FILE = 'journal-loss.json';

const lossSchema = z.object({
  file: z.string(),
  offset: z.number().int().nonnegative(),
  /** What was found there. */
  problem: z.string(),
  /** Names under which the damaged file, and those behind it, are kept. */
  aside: z.array(z.string()),
  /** The last attempt that anyone may have been told. */
  attempt: z.number().int().nonnegative(),
  rounds: z.number().int().nonnegative(),
  contributions: z.number().int().nonnegative(),
  unread: z.number().int().nonnegative(),
});

/**
 * What a run lost with its damaged journal: written down before the journal is cut, so that no crash makes a secret of it. It stands until the run
 * is known to have gone on under a later attempt than `attempt`.
 */
export type JournalLoss = z.output<typeof lossSchema>;

/** @throws STORAGE_FAILED's causes */
export const writeLoss = (disk: Disk, runFolder: string, loss: JournalLoss): void =>
  writeSealed(disk, join(runFolder, FILE), loss);

/** The last loss; undefined: there was none, or what told of it is damaged itself. */
export function readLoss(disk: Disk, runFolder: string): JournalLoss | undefined {
  const found = readSealed(disk, join(runFolder, FILE));
  return found && found.problem === undefined ? lossSchema.safeParse(found.value).data : undefined;
}

/**
 * The loss as events and screens tell it.
 * @param dropped contributions that are whole, but of a round that is asked anew
 */
export function toldLoss(loss: JournalLoss, dropped = 0) {
  const { file, offset, problem, aside, rounds, unread } = loss;
  const contributions = loss.contributions + dropped;
  const count = (found: number, what: string) => `${found} ${what}${found === 1 ? '' : 's'}`;
  const hidden = unread > 0 ? `, and whatever stood in ${count(unread, 'byte')} that cannot be read` : '';
  const kept = aside.length > 0 ? ` What was there is kept as ${aside.join(', ')}.` : '';
  const lost = `${count(rounds, 'round')} and ${count(contributions, 'contribution')}${hidden}`;
  return {
    file,
    offset,
    problem: `${problem} Lost of what was recorded: ${lost}; it is trained anew under a later attempt.${kept}`,
    lost: { rounds, contributions, unreadBytes: unread },
  };
}
