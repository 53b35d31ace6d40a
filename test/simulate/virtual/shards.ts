import { randomStream, type Random } from '@trunkline/model/random';

/** Rows of the training split that a client holds; the same ones whenever it is asked. */
export type Shards = (place: number) => Uint32Array;

/** Below this a client could hardly fill a batch: where there are more clients than that leaves room for, their rows overlap. */
export const LEAST_ROWS = 8;

export interface ShardsOf {
  readonly seed: number;
  /** Of the data: its random streams are named after it. */
  readonly stream: string;
  /** Rows in the training split, at least 1. */
  readonly rows: number;
  readonly clients: number;
}

/**
 * Equal parts of the shuffled rows: together all of them, each once, as long as every client gets `LEAST_ROWS` of them; otherwise parts of
 * that size that overlap. Holds the one order of all rows, whatever the number of clients.
 */
export function evenShards({ seed, stream, rows, clients }: ShardsOf): Shards {
  const order = Uint32Array.from(randomStream(seed, 'shards', stream).permutation(rows));
  const least = Math.min(LEAST_ROWS, rows);
  return (place) => {
    const begin = Math.floor((place * rows) / clients);
    const size = Math.max(least, Math.floor(((place + 1) * rows) / clients) - begin);
    return Uint32Array.from({ length: size }, (_, i) => order[(begin + i) % rows]!);
  };
}

/**
 * Parts whose classes are mixed as Dirichlet(α · shares of the classes in the data) says, drawn for each client by itself (Hsu, Qi and Brown 2019,
 * "Measuring the effects of non-identical data distribution"): small α, few classes a client. Within a client no row stands twice; two clients
 * may hold the same one, so that none needs to know of the others.
 * @param groups rows of each class
 */
export function skewedShards(of: ShardsOf, groups: readonly Uint32Array[], alpha: number): Shards {
  const { seed, stream, rows, clients } = of;
  const size = Math.max(Math.min(LEAST_ROWS, rows), Math.floor(rows / clients));
  return (place) => {
    const random = randomStream(seed, 'shards', stream, place);
    const weights = groups.map((group) => gamma((alpha * group.length) / rows, random));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const counts = new Uint32Array(groups.length);
    // Weights so small that all of them are 0 leave everything to the first draw's class.
    for (let row = 0; row < size; row++) {
      let left = random.uniform() * total;
      const drawn = weights.findIndex((weight) => (left -= weight) < 0);
      counts[drawn < 0 ? groups.length - 1 : drawn]!++;
    }
    const held = groups.flatMap((group, i) => {
      const begin = random.below(group.length);
      const count = Math.min(counts[i]!, group.length);
      return Array.from({ length: count }, (_, j) => group[(begin + j) % group.length]!);
    });
    return Uint32Array.from(held);
  };
}

/** Rows of each distinct value, in the order in which the values first appear, each shuffled; NaN is a value too. */
export function groupsOf(values: readonly (number | string)[], of: Pick<ShardsOf, 'seed' | 'stream'>): Uint32Array[] {
  const groups = new Map<number | string, number[]>();
  for (const [row, value] of values.entries()) {
    const group = groups.get(value);
    if (group) group.push(row);
    else groups.set(value, [row]);
  }
  return [...groups.values()].map((group, i) => {
    const order = randomStream(of.seed, 'shards', of.stream, 'class', i).permutation(group.length);
    return Uint32Array.from(order, (place) => group[place]!);
  });
}

/** A draw from Gamma(shape, 1) by Marsaglia and Tsang (2000); below shape 1 by their boost, U^(1/shape). */
export function gamma(shape: number, random: Random): number {
  if (shape < 1) return gamma(shape + 1, random) * random.uniform() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
