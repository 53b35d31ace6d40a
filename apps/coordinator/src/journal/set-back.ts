import { writeDurably, type Disk } from '@trunkline/model/store';
import type { RunSnapshot } from '../checkpoints.ts';
import { readLoss, writeLoss, type JournalLoss } from './loss.ts';
import { journalFolder, nextAside, setJournalAside } from './read-journal.ts';
import { readableFrom } from './readable.ts';
import { recordsOf, segmentFile, segmentsIn, type Segment } from './segments.ts';

/**
 * Sets a damaged journal back to what can still be told of it, for modes whose steps nothing else knows: cut where the damage begins, or put aside
 * as a whole where a checkpoint is newer than what stands before the damage. Nothing is thrown away: what is cut is kept beside it.
 * @param sound checkpoints that are whole, oldest first
 * @param attempt the last that anyone may have been told: the run goes on under a later one
 * @param problem what was found, in a sentence
 * @returns what is lost, which is on the disk by then; undefined: there is nothing to go back to
 * @throws STORAGE_FAILED's causes
 */
export function setBack(
  disk: Disk,
  runFolder: string,
  { sound, attempt, problem }: { sound: readonly RunSnapshot[]; attempt: number; problem: string },
): JournalLoss | undefined {
  const folder = journalFolder(runFolder);
  const segments = segmentsIn(disk, folder);
  const holds = ({ base }: Segment) => sound.some(({ version }) => version === base?.round);
  const from = segments.findLast(holds) ?? segments[0]!;
  const needed = segments.filter(({ sequence }) => sequence >= from.sequence);
  const damaged = needed.find((segment) => segment.problem);
  if (!damaged || needed.some((segment) => segment.problem && segment.problem.code !== 'JOURNAL_DAMAGED'))
    return undefined;
  const newest = sound.at(-1)?.version;
  const told = holds(from) || (from.sequence === 0 && damaged.sequence + damaged.sound > 0);
  const reach = told ? reachOf(disk, folder, needed, damaged) : -1;
  const whole = newest !== undefined && newest > reach;
  if (!whole && !told) return undefined;

  const behind = needed.filter(({ sequence }) => sequence > damaged.sequence);
  const lost = countedFrom(disk, [damaged, ...behind], Math.max(reach, newest ?? 0));
  const before = readLoss(disk, runFolder);
  // A crash came in between: what was moved already is counted there.
  const again = before?.attempt === attempt ? before : undefined;
  const names = whole ? [] : namesFor(disk, folder, damaged, behind);
  const loss: JournalLoss = {
    file: damaged.file,
    offset: damaged.sound,
    problem,
    aside: [...new Set([...(again?.aside ?? []), ...names.map(({ to }) => to)])],
    attempt,
    rounds: Math.max(lost.rounds, again?.rounds ?? 0),
    contributions: Math.max(lost.contributions, again?.contributions ?? 0),
    unread: Math.max(lost.unread, again?.unread ?? 0),
  };
  if (whole) {
    const all = { ...loss, aside: [...loss.aside, nextAside(disk, runFolder)] };
    writeLoss(disk, runFolder, all);
    setJournalAside(disk, runFolder);
    return all;
  }
  writeLoss(disk, runFolder, loss);
  // From the last one down: wherever a crash comes, no segment stands behind one that is missing.
  for (const { segment, to } of names.toReversed()) {
    if (segment !== damaged) disk.rename(segment.file, to);
    else cut(disk, damaged, to);
  }
  disk.syncFolder(folder);
  return loss;
}

/** The trunk that stands before the damage: that of the round after the last step. */
function reachOf(disk: Disk, folder: string, needed: readonly Segment[], damaged: Segment): number {
  let reach = needed[0]!.base?.round ?? 0;
  for (const { sequence } of needed) {
    if (sequence > damaged.sequence || (damaged.sound === 0 && sequence === damaged.sequence)) break;
    for (const { record, end } of recordsOf(disk, folder, sequence)) {
      if (record.kind === 'closed') reach = record.round + 1;
      // What comes next is the damage.
      if (sequence === damaged.sequence && end >= damaged.sound) break;
    }
  }
  return reach;
}

/** What the record tells behind the damage, but of steps that a checkpoint holds. @param point the trunk that the run goes back to */
function countedFrom(disk: Disk, [damaged, ...behind]: readonly [Segment, ...Segment[]], point: number) {
  let rounds = 0;
  let contributions = 0;
  let unread = 0;
  const count = (file: string, at: number) => {
    const found = readableFrom(disk.read(file) ?? new Uint8Array(0), at);
    unread += found.unread;
    let skipped = 0;
    for (const record of found.records) {
      // What follows a checkpoint was recorded before it.
      if (skipped > 0) skipped--;
      else if (record.kind === 'base') skipped = record.following ?? 0;
      else if (record.kind === 'contribution') contributions++;
      else if (record.kind === 'closed' && record.round! < point) contributions = 0;
      else if (record.kind === 'closed') rounds++;
    }
  };
  count(damaged.file, damaged.sound);
  for (const { file } of behind) count(file, 0);
  return { rounds, contributions, unread };
}

/** Where each file goes: names that say what became of it, and that nothing bears yet. */
function namesFor(disk: Disk, folder: string, damaged: Segment, behind: readonly Segment[]) {
  const taken = new Set(disk.list(folder));
  const nameOf = ({ sequence }: Segment, what: string) => {
    for (let n = 1; ; n++) {
      const to = `${segmentFile(folder, sequence)}.${what}-${n}`;
      if (!taken.has(to.slice(folder.length + 1))) return to;
    }
  };
  const there = [damaged, ...behind].filter(({ file }) => disk.read(file) !== null);
  return there.map((segment) => ({
    segment,
    to: nameOf(segment, segment === damaged ? 'damaged' : 'behind-damage'),
  }));
}

/** Keeps the file as it is under another name, and of the file what stands before the damage. */
function cut(disk: Disk, { file, sound }: Segment, to: string): void {
  writeDurably(disk, to, disk.read(file)!);
  if (sound === 0) return disk.remove(file);
  const handle = disk.open(file, 'append');
  handle.truncate(sound);
  handle.sync();
  handle.close();
}
