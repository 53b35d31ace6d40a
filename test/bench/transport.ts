import type { Benchmark } from './benchmark.ts';
import { broadcasts } from './transport-broadcast.ts';
import { crowds } from './transport-crowds.ts';
import { openSide } from './transport-sides.ts';
import { roundTrips } from './transport-trips.ts';
import { uploads } from './transport-uploads.ts';

/** Of one measurement. */
const BOUND_MS = 8_000;

/** What the product's line costs against plain TCP and against socket.io as it comes, both ends in processes of their own. */
export const transportBenchmark: Benchmark = {
  name: 'transport',
  ids: ['T1', 'T2', 'T3', 'T5', 'T6', 'T7'],
  group: 'transport',
  summary:
    'Uploads, crowds of clients, round trips under load and a broadcast over the product’s own link, parser, chunks and gateway, against plain TCP and stock socket.io.',
  async measure(say) {
    const course = { say, boundMs: BOUND_MS };
    const [ours, raw, stock] = await Promise.all([openSide('ours'), openSide('raw'), openSide('stock')]);
    try {
      const sides = [ours, raw, stock] as const;
      return [
        ...(await uploads(sides, course)),
        ...(await roundTrips(ours, raw, course)),
        ...(await broadcasts(ours, raw, course)),
        ...(await crowds(ours, raw, course)),
      ];
    } finally {
      await Promise.all([ours, raw, stock].map((side) => side.close()));
    }
  },
};
