import type { Plan } from '@trunkline/coordinator';
import type { Disk } from '@trunkline/model/store';
import { replayPlan, type Replayed } from '../replay-record.ts';
import { promisesToAll, type History } from './history.ts';

const JOURNAL = 'runs/one/journal';

/**
 * Every promise that the history of a run breaks whose accepted sets depend on timing: it ends in the trunk of an independent replay of its record,
 * every trunk that went out is one of the replay's, and what was acknowledged is in it once.
 * @param disk the coordinator's
 */
export function judgeRecord(history: History, plan: Plan, disk: Pick<Disk, 'read' | 'list'>): string[] {
  const broken = promisesToAll(history);
  if (history.finished.length === 0) return broken;
  let replayed: Replayed;
  try {
    replayed = replayPlan(plan, JOURNAL, disk);
  } catch (thrown) {
    return [...broken, `the record cannot be replayed: ${(thrown as Error).message}`];
  }
  const { trunks, applied } = replayed;
  for (const { sha256, rounds } of history.finished)
    if (sha256 !== trunks[rounds])
      broken.push(`the run ends in trunk ${sha256.slice(0, 8)}, its record in ${trunks[rounds]?.slice(0, 8)}`);
  // What a codec makes of a trunk is not what the record says of it.
  for (const { version, attempt, sha256 } of history.trunks.filter(({ coded }) => !coded))
    if (trunks[version] !== sha256 && !isLost(history, version, attempt))
      broken.push(
        `trunk ${version} went out as ${sha256.slice(0, 8)}, its record says ${trunks[version]?.slice(0, 8)}`,
      );
  return [...broken, ...notCounted(history, applied)];
}

/** The journal was damaged, and a later attempt went on from before that trunk. */
const isLost = ({ events }: History, version: number, attempt: number): boolean =>
  events.some((event) => event.event === 'rewound' && event.attempt > attempt && event.round < version);

/** Acknowledged answers that are missing: as many as were said to be lost with a damaged journal may be. */
function notCounted(history: History, applied: readonly string[]): string[] {
  const missing = lost(history, applied);
  const said = history.events.map((event) => (event.event === 'damaged' ? event.lost : undefined));
  // Bytes that nobody can read may have held one more.
  const most = said.reduce((sum, one) => sum + (one ? one.contributions + (one.unreadBytes > 0 ? 1 : 0) : 0), 0);
  return missing.length > most ? missing : [];
}

/** Acknowledged answers that the trunk does not hold, though one of the same client after it is there. */
function lost({ acknowledged, sent }: History, applied: readonly string[]): string[] {
  const counted = new Set(applied);
  const newest = new Map<string, number>();
  for (const id of applied) {
    const [client = '', call = ''] = id.split('/');
    newest.set(client, Math.max(newest.get(client) ?? -1, Number(call)));
  }
  // An answer without a labelled row has nothing to be added.
  const full = new Set(sent.map(({ client, round, attempt }) => `${client}/${round}/${attempt}`));
  return [...acknowledged].flatMap((id) => {
    const [client = '', call = ''] = id.split('/');
    if (counted.has(id) || !full.has(id) || Number(call) > (newest.get(client) ?? -1)) return [];
    return [`${id} was acknowledged and not counted`];
  });
}
