/** The entry of `known` closest to `word` by edit distance, if it is close enough to be what was meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Infinity;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    const near = Math.max(2, Math.floor(Math.max(word.length, candidate.length) / 3));
    if (distance <= near && distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** The entries of `known` for a list in a sentence; what was probably meant stands first and is said to be the nearest. */
export function nearestFirst(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  const others = known.filter((name) => name !== meant);
  return (meant === undefined ? others : [`${meant} (the nearest)`, ...others]).join(', ');
}

/** Levenshtein 1966: insertions, deletions, substitutions, each costing 1. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    previous = row;
  }
  return previous[b.length]!;
}
