import type { Known } from './known.ts';

/** Decisions and truths of rows, as indices of classes. */
export interface Decided {
  readonly decisions: Int32Array;
  readonly truths: Int32Array;
  readonly classes: number;
}

/**
 * One set of decisions for exclusive classes (the highest score, the first of equal ones), or one for each output (1 where its
 * score is above one half).
 */
export function decidedOf(known: Known): readonly Decided[] {
  if (known.kind === 'outputs') {
    return known.columns.map(({ scores, labels }) => ({
      decisions: Int32Array.from(scores, (score) => (score > 0.5 ? 1 : 0)),
      truths: Int32Array.from(labels),
      classes: 2,
    }));
  }
  const { labels, scores, width } = known;
  const decisions = labels.map((_, row) => highest(scores.subarray(row * width, (row + 1) * width)));
  return [{ decisions, truths: labels, classes: width }];
}

function highest(scores: Float32Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[best]!) best = i;
  return best;
}

/** Of each class: decided and true, decided at all, true at all. */
export function countsOf({ decisions, truths, classes }: Decided): { hits: number; decided: number; truly: number }[] {
  const counts = Array.from({ length: classes }, () => ({ hits: 0, decided: 0, truly: 0 }));
  truths.forEach((truth, row) => {
    const decision = decisions[row]!;
    counts[truth]!.truly++;
    counts[decision]!.decided++;
    if (truth === decision) counts[truth]!.hits++;
  });
  return counts;
}
