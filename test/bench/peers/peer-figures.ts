import { z } from 'zod';
import { measured, type Measured } from '../benchmark.ts';

const spread = z.object({ min: z.number(), median: z.number(), max: z.number(), n: z.number() });

/** The last line of a script's output that is a JSON object; undefined where there is none. */
export function resultLine(output: string): Record<string, unknown> | undefined {
  for (const line of output.trim().split('\n').reverse()) {
    if (!line.startsWith('{')) continue;
    try {
      return JSON.parse(line) as Record<string, unknown>;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Milliseconds of one entry of a script that gives min, median and max of them. @throws Error: the script did not measure it */
export function medianOf(result: Record<string, unknown>, key: string): number {
  const entry = spread.safeParse(result[key]);
  if (entry.success) return entry.data.median;
  throw new Error(`no ${key} in the result of ${String(result['peer'])}${failedIn(result)}`);
}

const failedIn = ({ failed }: Record<string, unknown>): string => {
  const text = typeof failed === 'string' ? failed : JSON.stringify(failed ?? {});
  // Logs stand behind the reason, with the codes of a terminal.
  const plain = text.replace(/(\\u001b|\u001b)\[\d+m/g, '').replace(/(\\n|\s)+/g, ' ');
  if (plain === '{}' || plain === '') return '';
  return `: ${plain.length <= 300 ? plain : `${plain.slice(0, 100)} … ${plain.slice(-200)}`}`;
};

const flowerRun = z.object({
  s_per_round: spread,
  first_round_s: z.union([spread.transform(({ median }) => median), z.number()]),
  accuracy: z.record(z.string(), spread).optional(),
  own_accuracy: z.record(z.string(), spread).optional(),
});

/** A Flower run: seconds of a round, of the first one, and accuracies where it trained. */
export interface FlowerRun {
  readonly setting: Setting;
  readonly seconds: number;
  readonly first: number;
  readonly rounds: number;
  readonly accuracy: Readonly<Record<string, number>>;
  readonly own: Readonly<Record<string, number>>;
}

/** As it comes, and with the two waits that a user can shorten shortened. */
export const SETTINGS = ['stock', 'tuned'] as const;
export type Setting = (typeof SETTINGS)[number];

/** Reads `NAME_stock` or `NAME_tuned` of a Flower script. @throws Error: that run failed, with its reason */
export function flowerRunOf(result: Record<string, unknown>, name: string, setting: Setting): FlowerRun {
  const entry = flowerRun.safeParse(result[`${name}_${setting}`]);
  if (!entry.success) throw new Error(`Flower gave no ${name}, ${setting}${failedIn(result)}`);
  const { s_per_round, first_round_s, accuracy = {}, own_accuracy = {} } = entry.data;
  return {
    ...{ setting, seconds: s_per_round.median, first: first_round_s, rounds: s_per_round.n },
    ...{ accuracy: medians(accuracy), own: medians(own_accuracy) },
  };
}

/** Task → median over seeds. */
const medians = (spreads: Record<string, { median: number }>): Record<string, number> =>
  Object.fromEntries(Object.entries(spreads).map(([task, { median }]) => [task, median]));

/** The setting with fewer seconds a round: the peer is taken at its best. @throws Error when there is none */
export function better(runs: readonly FlowerRun[]): FlowerRun {
  const [best, ...others] = runs;
  if (!best) throw new Error('Flower ran in neither setting');
  return others.reduce((least, run) => (run.seconds < least.seconds ? run : least), best);
}

/** Seconds of a run of `rounds` rounds, from its first one and the median of those that were run after it. */
export const extrapolated = ({ first, seconds }: { first: number; seconds: number }, rounds: number): number =>
  rounds < 1 ? 0 : first + (rounds - 1) * seconds;

/** Seconds of both sides; wanted is that ours are `times` × fewer. */
export const fewerSeconds = (claim: {
  id: string;
  what: string;
  ours: number;
  baseline: number;
  times: number;
}): Measured => {
  const { times, ...both } = claim;
  return measured({ ...both, unit: 's', goal: 1 / times, better: 'lower' });
};

const accuracies = z.record(z.string(), spread);

/** Task → median accuracy over the seeds of the reference script. `kind`: rounds of one step, or of an epoch; `net`: the averaged trunk, or each client's own. */
export function referenceAccuracy(
  result: Record<string, unknown>,
  kind: 'step' | 'epoch',
  net: 'averaged' | 'own',
): Record<string, number> {
  return medians(accuracies.parse(result[`${kind}_${net === 'own' ? 'own_' : ''}accuracy`]));
}

const crash = z.object({
  notes: z.array(z.string()),
  rounds: z.array(z.object({ s: z.number(), calls: z.record(z.string(), z.number()), errors: z.array(z.string()) })),
});

/** What a killed client cost a Flower run. */
export interface CrashFigures {
  /** Seconds of a round in which nothing failed: median. */
  readonly usual: number;
  /** Seconds beyond that of the round in which client code was killed, and of the one in which a whole node was. */
  readonly stalls: readonly number[];
  /** A node that was started again went on with what it had kept. */
  readonly kept: boolean;
}

/** @throws Error: the script did not come so far */
export function crashFigures(result: Record<string, unknown>): CrashFigures {
  const read = crash.safeParse(result);
  if (!read.success) throw new Error(`no rounds in the result of ${String(result['peer'])}${failedIn(result)}`);
  const { notes, rounds } = read.data;
  const calm = rounds.filter(({ errors }) => errors.length === 0).map(({ s }) => s);
  const usual = calm.sort((a, b) => a - b)[calm.length >> 1];
  const killed = notes.flatMap((note) => /killed in round (\d+)/.exec(note)?.[1] ?? []).map(Number);
  const stalled = killed.map((round) => rounds[round - 1]?.s);
  if (usual === undefined || stalled.length < 2 || stalled.includes(undefined))
    throw new Error(`Flower's killed rounds are not in the result${failedIn(result)}`);
  const restarted = /supernode (\d+) restarted after round (\d+)/.exec(notes.join('\n'));
  if (!restarted) throw new Error(`no node was started again${failedIn(result)}`);
  const [, node, after] = restarted;
  const before = Math.max(0, ...rounds.slice(0, Number(after)).map(({ calls }) => calls[node!] ?? 0));
  const next = rounds.slice(Number(after)).find(({ calls }) => node! in calls)?.calls[node!];
  return { usual, stalls: stalled.map((s) => s! - usual), kept: next !== undefined && next > before };
}
