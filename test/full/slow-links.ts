import assert from 'node:assert/strict';
import { overSlowLink } from '../wire/slow-link.ts';
import type { Sweep } from './sweep.ts';

const PARAMETERS = 1_000_000;
const RATES = [32_000, 64_000, 125_000];
const SLICES = [Infinity, 1_400, 97];
const LATENCIES = [5, 100, 600];

/** A contribution of 4 MB over 256 kbit/s to 1 Mbit/s, sliced and delayed: nobody is sent away while bytes move. */
export const slowLinks: Sweep = {
  name: 'slow-links',
  summary: 'a contribution of 4 MB over 256 kbit/s to 1 Mbit/s, sliced and delayed, without a line that is given up',
  steps: () =>
    RATES.flatMap((bytesPerSecond) =>
      SLICES.flatMap((sliceBytes) =>
        LATENCIES.map((latencyMs) => ({
          name: `${(bytesPerSecond * 8) / 1000} kbit/s, slices of ${sliceBytes} bytes, ${latencyMs} ms`,
          async run() {
            const conditions = { bytesPerSecond, sliceBytes, latencyMs };
            const { seconds, left, refused } = await overSlowLink({ parameters: PARAMETERS, conditions });
            assert.deepEqual([left, refused], [0, []]);
            return `${seconds.toFixed(1)} s, the link alone ${((PARAMETERS * 4) / bytesPerSecond).toFixed(1)} s`;
          },
        })),
      ),
    ),
};
