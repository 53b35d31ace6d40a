import { randomStream } from '../random.ts';

export interface Batches {
  /** Rows of the training split that make the batch of a round. */
  rows(round: number): Uint32Array;
}

/**
 * Which rows make the batch of a round: drawn without replacement from the stream's shuffled training split, epoch after epoch; a
 * batch may cross an epoch's border. Each epoch has its own order, so that any round is known without the rounds before
 * it; the last two orders are kept only to save time.
 */
export function createBatches(of: {
  readonly seed: number;
  readonly stream: string;
  /** Rows in the training split, at least 1. */
  readonly size: number;
  readonly batchSize: number;
  /** Another draw of the same split names its random streams otherwise. */
  readonly name?: string;
}): Batches {
  const { seed, stream, size, batchSize, name = 'batch' } = of;
  const kept = new Map<number, readonly number[]>();
  const orderOf = (epoch: number) => {
    const known = kept.get(epoch);
    if (known) return known;
    const order = randomStream(seed, name, stream, epoch).permutation(size);
    if (kept.size === 2) kept.delete(kept.keys().next().value!);
    kept.set(epoch, order);
    return order;
  };
  return {
    rows(round) {
      const start = round * batchSize;
      return Uint32Array.from({ length: batchSize }, (_, i) => {
        const place = start + i;
        return orderOf(Math.floor(place / size))[place % size]!;
      });
    },
  };
}
