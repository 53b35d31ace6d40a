import type { Better } from './metric.ts';

/** A task's validation score; `key` tells replicas apart. */
export interface ValidationScore {
  readonly key: string;
  readonly value: number | null | undefined;
  readonly better: Better;
}

/** The validation scores of one trunk. */
export interface HeardScores {
  readonly version: number;
  readonly scores: readonly ValidationScore[];
}

/** Which evaluation of a run was the best so far. */
export interface BestEvaluation {
  /**
   * Takes the scores of trunk `version`. What was heard of this and later versions before (a run went back) is forgotten; so are all
   * evaluations before the first one of a newcomer, which has no head of their time.
   */
  hear(version: number, scores: readonly ValidationScore[]): void;
  /** A head of the earlier evaluations is lost: none of them can be chosen any more. */
  forget(): void;
  /** The version with the highest mean gain, the earliest of equals; null before the first evaluation that can be compared. */
  readonly version: number | null;
  /** Evaluations since. */
  readonly since: number;
  /** Everything it was told and still counts: what another one needs to go on from here. */
  readonly heard: readonly HeardScores[];
}

/**
 * Compares evaluations by the mean over tasks of a score's gain on the first evaluation's, relative to its size; signs are turned
 * where lower is better; where earlier evaluations are forgotten, the first one is the first that is left. A task whose first score is undefined or 0 is left out of every mean; an evaluation that lacks
 * another's score cannot be compared, and is not chosen.
 */
export function createBestEvaluation(before: readonly HeardScores[] = []): BestEvaluation {
  let heard: readonly HeardScores[] = before;
  const best = (): number => {
    const first = new Map(heard[0]?.scores.map(({ key, value }) => [key, value]));
    const gains = heard.map(({ scores }) => gainOn(first, scores));
    return gains.reduce<number>((top, gain, i) => (gain !== null && gain > (gains[top] ?? -Infinity) ? i : top), -1);
  };
  return {
    hear(version, scores) {
      const earlier = heard.filter((one) => one.version < version);
      const known = new Set(earlier.flatMap((one) => one.scores.map(({ key }) => key)));
      const newcomer = scores.some(({ key }) => !known.has(key));
      heard = [...(newcomer ? [] : earlier), { version, scores }];
    },
    forget: () => void (heard = []),
    get version() {
      return heard[best()]?.version ?? null;
    },
    get since() {
      return heard.length - 1 - best();
    },
    get heard() {
      return heard;
    },
  };
}

/** null where a score is missing, or none can be compared. */
function gainOn(
  first: ReadonlyMap<string, number | null | undefined>,
  scores: readonly ValidationScore[],
): number | null {
  const now = new Map(scores.map((score) => [score.key, score]));
  let sum = 0;
  let tasks = 0;
  for (const [key, base] of first) {
    if (!base || !Number.isFinite(base)) continue;
    const score = now.get(key);
    if (typeof score?.value !== 'number' || !Number.isFinite(score.value)) return null;
    const gain = (score.value - base) / Math.abs(base);
    sum += score.better === 'higher' ? gain : -gain;
    tasks++;
  }
  return tasks === 0 ? null : sum / tasks;
}
