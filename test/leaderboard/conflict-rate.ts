import type { Conflicts } from './train.ts';

/**
 * Share of pairs of tasks whose trunk gradients point against each other (cosine below 0; Yu et al., NeurIPS 2020), over all pairs of all
 * probed rounds; null without a pair. Pairs with a zero gradient have no angle and count nowhere.
 * @param probed one matrix of cosines a round, K×K row-major
 */
export function conflictRate(probed: readonly Conflicts[]): number | null {
  let pairs = 0;
  let against = 0;
  for (const { tasks, cosines } of probed) {
    for (let i = 0; i < tasks.length; i++) {
      for (let j = i + 1; j < tasks.length; j++) {
        const cosine = cosines[i * tasks.length + j];
        if (cosine == null) continue;
        pairs++;
        if (cosine < 0) against++;
      }
    }
  }
  return pairs === 0 ? null : against / pairs;
}
