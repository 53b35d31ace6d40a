import type { Column } from './known.ts';

/** Rows with one and the same score. */
export interface Tie {
  readonly positives: number;
  readonly negatives: number;
}

/** Rows grouped by score, highest score first: what a ranking metric may know, so that ties cannot be broken by row order. */
export function tiesOf({ scores, labels }: Column): Tie[] {
  const order = scores.map((_, row) => row).sort((a, b) => scores[b]! - scores[a]!);
  const ties: { positives: number; negatives: number }[] = [];
  let last = NaN;
  for (const row of order) {
    if (scores[row] !== last) ties.push({ positives: 0, negatives: 0 });
    last = scores[row]!;
    ties[ties.length - 1]![labels[row] === 1 ? 'positives' : 'negatives']++;
  }
  return ties;
}

export const totalOf = (ties: readonly Tie[], kind: keyof Tie): number => ties.reduce((sum, tie) => sum + tie[kind], 0);
