import { randomStream, type Random } from '@trunkline/model/random';
import type { Job } from '../simulate/job.ts';
import { checkHistory, type History } from './check-history.ts';
import { COORDINATOR, openFleet, type Fleet, type Line } from './fleet.ts';

export interface KillPlan {
  readonly seed: number;
  /** How often the coordinator is killed, and clients, whichever chance picks. */
  readonly coordinator: number;
  readonly clients: number;
}

export interface Killed {
  readonly rounds: number;
  readonly sha256: string;
  /** `client/head/task` → SHA-256, from the scores of the test split. */
  readonly digests: Readonly<Record<string, string>>;
  readonly history: History;
  /** Milliseconds from a coordinator's `listening` to the first round that closed after it, of every life that came so far and found its clients there. */
  readonly recoveries: readonly number[];
  /** Milliseconds from the start of the process to `listening`. */
  readonly starts: readonly number[];
  /** Lives of the coordinator that were ended before a round closed: killed while they started or recovered. */
  readonly early: number;
}

interface Kill {
  readonly member: string;
  /** Not before this round is closed. */
  readonly round: number;
  /** Then so long. */
  readonly afterMs: number;
  /** When it is killed once more, as a share of what a start takes; null: it is not. */
  readonly again: number | null;
}

/**
 * Trains a run over processes and kills them with SIGKILL at random times, each started again at once by the same command: while rounds are open, checkpoints
 * written, trunks scored, and, about one time in four, while the process still starts or recovers.
 * @param job its rounds are divided among the kills, so that each finds new ground
 */
export async function killRun(
  job: Job,
  folder: string,
  plan: KillPlan,
  more: { exact?: boolean; args?: string[]; clientArgs?: string[] } = {},
): Promise<Killed> {
  const fleet = openFleet({
    folder,
    job,
    ...(more.args ? { args: more.args } : {}),
    ...(more.clientArgs ? { clientArgs: more.clientArgs } : {}),
  });
  const names = job.clients.map(({ config }) => config.client);
  const random = randomStream(plan.seed, 'kills');
  const kills = schedule(random, { ...plan, names, rounds: job.config.rounds });
  try {
    await fleet.start(COORDINATOR);
    for (const name of names) await fleet.start(name);
    await fleet.until(closedRound(0));
    for (const { member, round, afterMs, again } of kills) {
      await fleet.until(closedRound(round));
      await pause(afterMs);
      await kill(fleet, member);
      // In the same breath once more: a process that starts or recovers. Its time is scaled to how long a start takes here.
      if (again === null) continue;
      await pause(again * startOf(fleet, member));
      await kill(fleet, member);
    }
    const end = await fleet.until(({ from, said }) => from === COORDINATOR && said.event === 'finished');
    await Promise.all([COORDINATOR, ...names].map((name) => fleet.ended(name)));
    const history = checkHistory(folder, fleet.lines, { exact: more.exact ?? true });
    return {
      rounds: end.said['rounds'] as number,
      sha256: String(end.said['sha256']),
      digests: lastDigests(fleet.lines),
      history,
      ...timesOf(fleet),
    };
  } finally {
    await fleet.close();
  }
}

async function kill(fleet: Fleet, member: string): Promise<void> {
  if (fleet.lines.some(({ said }) => said.event === 'finished'))
    throw new Error('the run was over before all kills were done');
  await fleet.signal(member, 'SIGKILL');
  await fleet.start(member);
}

/** How long a member took until it could work, the fastest of its lives. */
function startOf(fleet: Fleet, member: string): number {
  const ready = fleet.lines.filter(
    ({ from, said }) => from === member && (said.event === 'listening' || said.event === 'joined'),
  );
  return Math.min(...ready.map(({ life, at }) => at - fleet.since(member, life)));
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const closedRound =
  (least: number) =>
  ({ from, said }: Line): boolean =>
    from === COORDINATOR && said.event === 'round' && (said['round'] as number) >= least;

function schedule(
  random: Random,
  { coordinator, clients, names, rounds }: KillPlan & { names: readonly string[]; rounds: number },
): Kill[] {
  const members = [
    ...twice(random, coordinator).map((again) => ({ member: COORDINATOR, again })),
    ...twice(random, clients).map((again) => ({ member: names[random.below(names.length)]!, again })),
  ];
  return random.permutation(members.length).map((place, i) => ({
    ...members[place]!,
    round: Math.floor(((i + random.uniform()) / (members.length + 1)) * rounds),
    afterMs: random.uniform() * 60,
  }));
}

/** `count` kills, about one in four of them in the same breath as the one before it: for each breath, when its second kill comes, or null. */
function twice(random: Random, count: number): (number | null)[] {
  const breaths: (number | null)[] = [];
  for (let left = count; left > 0; left -= breaths.at(-1) === null ? 1 : 2)
    breaths.push(left > 1 && random.below(3) === 0 ? random.uniform() * 1.2 : null);
  return breaths;
}

/** `client/head/task` → SHA-256, of the heads and adapters that the test scores are of. */
export function lastDigests(lines: readonly Line[]): Record<string, string> {
  const digests: Record<string, string> = {};
  for (const { from, said } of lines) {
    if (said.event !== 'scores' || said['split'] !== 'test' || from === COORDINATOR) continue;
    for (const [name, digest] of Object.entries(said['digests'] as Record<string, string>))
      digests[`${from}/${name}`] = digest;
  }
  return digests;
}

function timesOf(fleet: Fleet): Pick<Killed, 'recoveries' | 'starts' | 'early'> {
  const recoveries: number[] = [];
  const starts: number[] = [];
  let early = 0;
  const told = fleet.lines.filter(({ from }) => from === COORDINATOR);
  for (const { life, at, said } of told) {
    if (said.event !== 'listening') continue;
    starts.push(at - fleet.since(COORDINATOR, life));
    const first = told.find((line) => line.life === life && line.said.event === 'round');
    if (!first) early++;
    else if (life > 0 && !fleet.lines.some((line) => startsWithin(fleet, line, [at, first.at])))
      recoveries.push(first.at - at);
  }
  return { recoveries, starts, early };
}

/** A client that was down, or still started, when the coordinator was back: the run waited for it, not for the coordinator. */
const startsWithin = (fleet: Fleet, { from, life, at, said }: Line, [begin, end]: readonly [number, number]): boolean =>
  said.event === 'loaded' && at > begin && fleet.since(from, life) < end;

/** The value that a share of the sorted values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
