import { randomStream } from '@trunkline/model/random';
import { describe, expect, it } from 'vitest';
import { evenShards, gamma, groupsOf, LEAST_ROWS, skewedShards } from './shards.ts';

const of = (rows: number, clients: number) => ({ seed: 3, stream: 's', rows, clients });
const CLASSES = 5;
const ROWS = 1_000;
const labels = Array.from({ length: ROWS }, (_, row) => row % CLASSES);

/** Mean over clients of the share of a client's most frequent class. */
function purity(alpha: number): number {
  const shards = skewedShards(of(ROWS, 50), groupsOf(labels, of(ROWS, 50)), alpha);
  const shares = Array.from({ length: 50 }, (_, place) => {
    const rows = shards(place);
    const counts = new Uint32Array(CLASSES);
    for (const row of rows) counts[labels[row]!]!++;
    return Math.max(...counts) / rows.length;
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

describe('equal parts', () => {
  it('are together every row once, whatever order clients are asked in', () => {
    const shards = evenShards(of(1_003, 100));
    const all = Array.from({ length: 100 }, (_, place) => [...shards(99 - place)]).flat();
    expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: 1_003 }, (_, row) => row));
    expect(evenShards(of(1_003, 100))(42)).toEqual(shards(42));
  });

  it('overlap where there are more clients than rows, and no client holds a row twice', () => {
    const shards = evenShards(of(20, 1_000_000));
    for (const place of [0, 1, 999_999]) expect(new Set(shards(place)).size).toBe(LEAST_ROWS);
    expect(evenShards(of(3, 10))(9)).toHaveLength(3);
  });
});

describe('skewed parts', () => {
  it('have fewer classes a client the smaller α is, and no row twice in one client', () => {
    const [narrow, middle, wide] = [purity(0.1), purity(1), purity(1_000)];
    expect(narrow).toBeGreaterThan(0.8);
    expect(middle).toBeLessThan(narrow);
    expect(wide).toBeLessThan(0.45);
    const shards = skewedShards(of(ROWS, 50), groupsOf(labels, of(ROWS, 50)), 0.1);
    for (let place = 0; place < 50; place++) expect(new Set(shards(place)).size).toBe(shards(place).length);
    expect(shards(7)).toEqual(skewedShards(of(ROWS, 50), groupsOf(labels, of(ROWS, 50)), 0.1)(7));
  });

  it('draws Gamma variates of the right mean and variance, above and below shape 1', () => {
    for (const shape of [0.3, 2.5]) {
      const random = randomStream(1, 'gamma', String(shape));
      const draws = Array.from({ length: 20_000 }, () => gamma(shape, random));
      const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
      const variance = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / draws.length;
      // Both are the shape; four standard errors of the variance.
      expect(Math.abs(mean - shape)).toBeLessThan(4 * Math.sqrt(shape / draws.length));
      expect(Math.abs(variance - shape)).toBeLessThan(4 * Math.sqrt((2 * shape ** 2 + 6 * shape) / draws.length));
    }
  });
});
