import { randomStream } from '../random.ts';
import { SPLITS, type Split } from './source.ts';

export type Fractions = Readonly<Record<Split, number>>;

/**
 * Deals rows to the splits, by a seed of its own. Each split gets its fraction of the rows to within one group.
 *
 * Rows with the same entry in `groups` stay together. With `strata` every class is spread over the splits alike, and each
 * has its first group in training, so that none is unknown there; a group belongs to the class that most of its rows have.
 * Groups come in random order, and each goes to the split that lacks most rows. No split stays empty if there are as
 * many groups as splits. Rows of a split are in ascending order; a fraction of 0 gives none.
 */
export function splitRows(request: {
  readonly size: number;
  readonly fractions: Fractions;
  readonly seed: number;
  readonly groups?: readonly string[] | undefined;
  readonly strata?: readonly string[] | undefined;
}): Record<Split, Uint32Array> {
  const { size, fractions, seed, strata } = request;
  const groups = gather(size, request.groups);
  const order = randomStream(seed, 'split').permutation(groups.length);
  const byStratum = new Map<string, number[][]>();
  for (const i of order) {
    const stratum = strata === undefined ? '' : most(groups[i]!.map((row) => strata[row]!));
    const members = byStratum.get(stratum);
    if (members === undefined) byStratum.set(stratum, [groups[i]!]);
    else members.push(groups[i]!);
  }

  const wanted = SPLITS.filter((split) => fractions[split] > 0);
  const rows: Record<Split, number[]> = { train: [], validation: [], test: [] };
  const lacking: Record<Split, number> = { train: 0, validation: 0, test: 0 };
  let left = groups.length;
  for (const stratum of [...byStratum.keys()].sort(byCode)) {
    const members = byStratum.get(stratum)!;
    const total = members.reduce((sum, group) => sum + group.length, 0);
    for (const split of wanted) lacking[split] += total * fractions[split];
    for (const [place, group] of members.entries()) {
      const empty = wanted.filter((split) => rows[split].length === 0);
      const choices = empty.length > 0 && left <= empty.length ? empty : wanted;
      const first = place === 0 && choices.includes('train');
      const split = first ? 'train' : choices.reduce((a, b) => (lacking[b] > lacking[a] ? b : a));
      for (const row of group) rows[split].push(row);
      lacking[split] -= group.length;
      left -= 1;
    }
  }
  const sorted = (split: Split) => Uint32Array.from(rows[split]).sort();
  return { train: sorted('train'), validation: sorted('validation'), test: sorted('test') };
}

/** By UTF-16 code units, never by locale. */
export const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Rows by equal key, in the order of first appearance; without keys each row is alone. */
function gather(size: number, keys: readonly string[] | undefined): number[][] {
  if (keys === undefined) return Array.from({ length: size }, (_, row) => [row]);
  const groups = new Map<string, number[]>();
  for (let row = 0; row < size; row++) {
    const group = groups.get(keys[row]!);
    if (group === undefined) groups.set(keys[row]!, [row]);
    else group.push(row);
  }
  return [...groups.values()];
}

/** The most frequent name; of equally frequent ones the first by name. */
function most(names: readonly string[]): string {
  if (names.length === 1) return names[0]!;
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || byCode(a[0], b[0]))[0]![0];
}
