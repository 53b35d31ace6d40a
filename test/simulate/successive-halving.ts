/** What a candidate showed after some rounds; the higher the better, null: nothing that can be compared. */
export interface Standing {
  readonly candidate: number;
  readonly rounds: number;
  readonly gain: number | null;
}

/**
 * Successive halving (Jamieson and Talwalkar, AISTATS 2016): all candidates train a little, the better half goes on twice as far, until
 * two are left at the full length. Candidate 0 is the yardstick: it goes the whole way, whatever its place.
 * @param judge trains the candidates on to so many rounds and compares them with candidate 0, in their order
 * @returns the last standing of each, in the order of candidates; and the best of those that went the whole way
 */
export async function successiveHalving(
  count: number,
  rounds: number,
  judge: (candidates: readonly number[], rounds: number) => Promise<(number | null)[]>,
): Promise<{ standings: Standing[]; best: number }> {
  const rungs = Math.max(1, Math.ceil(Math.log2(count)));
  const standings: Standing[] = [];
  let kept = Array.from({ length: count }, (_, candidate) => candidate);
  for (let rung = 0; ; rung++) {
    const length = Math.ceil(rounds / 2 ** (rungs - 1 - rung));
    const gains = await judge(kept, length);
    kept.forEach((candidate, i) => (standings[candidate] = { candidate, rounds: length, gain: gains[i]! }));
    const worth = (candidate: number) => standings[candidate]!.gain ?? -Infinity;
    // Of equals the earlier one: sorting is stable and candidates come in their order.
    const ranked = kept.toSorted((a, b) => (worth(a) === worth(b) ? 0 : worth(b) - worth(a)));
    if (rung === rungs - 1) return { standings, best: ranked[0]! };
    const better = ranked.slice(0, Math.ceil(kept.length / 2));
    kept = [...new Set([0, ...better])].sort((a, b) => a - b);
  }
}
