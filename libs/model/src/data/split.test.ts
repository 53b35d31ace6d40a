import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SPLITS } from './source.ts';
import { splitRows } from './split.ts';

const fractions = { train: 0.7, validation: 0.15, test: 0.15 };
const labels = (most: number, minLength = 3) =>
  fc.array(fc.integer({ min: 0, max: most }).map(String), { minLength, maxLength: 200 });
const property = <T>(arbitrary: fc.Arbitrary<T>, claim: (value: T) => void) =>
  fc.assert(fc.property(arbitrary, claim), { seed: 7, numRuns: 200 });

describe('splitRows', () => {
  it('puts every row into exactly one split, none of them empty', () => {
    property(fc.tuple(labels(5), fc.nat(9), fc.boolean()), ([names, seed, stratify]) => {
      const rows = splitRows({ size: names.length, fractions, seed, strata: stratify ? names : undefined });
      const all = SPLITS.flatMap((split) => [...rows[split]]).sort((a, b) => a - b);
      expect(all).toEqual(names.map((_, row) => row));
      expect(SPLITS.every((split) => rows[split].length > 0)).toBe(true);
    });
  });

  it('meets the fractions to within one row, stratified or not', () => {
    property(fc.tuple(labels(5, 8), fc.nat(9), fc.boolean()), ([names, seed, stratify]) => {
      const strata = stratify ? names : undefined;
      const rows = splitRows({ size: names.length, fractions, seed, strata });
      const slack = stratify ? 1 + new Set(names).size : 1;
      for (const split of SPLITS) {
        expect(Math.abs(rows[split].length - fractions[split] * names.length)).toBeLessThanOrEqual(slack);
      }
    });
  });

  it('keeps a group in one split', () => {
    property(fc.tuple(labels(20), fc.nat(9), fc.boolean()), ([groups, seed, stratify]) => {
      const strata = stratify ? groups.map((_, row) => String(row % 2)) : undefined;
      const rows = splitRows({ size: groups.length, fractions, seed, groups, strata });
      const held = SPLITS.map((split) => new Set(Array.from(rows[split], (row) => groups[row]!)));
      expect(held.reduce((sum, names) => sum + names.size, 0)).toBe(new Set(groups).size);
    });
  });

  it('leaves no class out of training when stratified', () => {
    property(fc.tuple(labels(30, 40), fc.nat(9)), ([strata, seed]) => {
      const { train } = splitRows({ size: strata.length, fractions, seed, strata });
      const known = new Set(Array.from(train, (row) => strata[row]!));
      expect(known).toEqual(new Set(strata));
    });
  });

  it('spreads classes alike when stratified', () => {
    const strata = Array.from({ length: 400 }, (_, row) => (row % 4 === 0 ? 'rare' : 'common'));
    const rows = splitRows({ size: 400, fractions, seed: 0, strata });
    for (const split of SPLITS) {
      const rare = Array.from(rows[split]).filter((row) => strata[row] === 'rare').length;
      expect(Math.abs(rare - 100 * fractions[split])).toBeLessThanOrEqual(1);
    }
  });

  it('gives nothing to a split of fraction 0, and other rows with another seed', () => {
    const only = { train: 0.8, validation: 0.2, test: 0 };
    const one = splitRows({ size: 100, fractions: only, seed: 0 });
    expect([one.train.length, one.validation.length, one.test.length]).toEqual([80, 20, 0]);
    expect(splitRows({ size: 100, fractions: only, seed: 1 })).not.toEqual(one);
    expect(splitRows({ size: 100, fractions: only, seed: 0 })).toEqual(one);
  });
});
