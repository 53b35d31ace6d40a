import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { randomStream } from '@trunkline/model/random';
import { feedFrames } from '../wire/feed-frames.ts';
import { startMeasured } from '../wire/measured-coordinator.ts';
import { makeNoise } from '../wire/noise.ts';
import type { Sweep, SweepStep } from './sweep.ts';

const FRAMES = 10_000_000;
const LINES = 100_000;
const FRAMES_EACH = 250_000;
const LINES_EACH = 5_000;
const NOISY = 20;

const mutated = (seed: number): SweepStep => ({
  name: `mutated frames, seed ${seed}`,
  run() {
    const before = process.memoryUsage().rss;
    const { parser, schema, message, slowest } = feedFrames(seed, FRAMES_EACH);
    assert.ok(slowest < 100, `a frame took ${slowest} ms`);
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < 50_000_000, `${grown} bytes stayed`);
    return Promise.resolve(`${parser} refused by the parser, ${schema} by a schema, ${message} in order`);
  },
});

const noisy = (seed: number): SweepStep => ({
  name: `random transport bytes, seed ${seed}`,
  async run() {
    const coordinator = await startMeasured({ parameters: 4_000, tasks: ['task'], rounds: 10 });
    const lines = (count: number, name: string) =>
      Promise.all(
        Array.from({ length: NOISY }, (_, i) =>
          makeNoise(coordinator.url, `noisy-${i}`, { count: count / NOISY, random: randomStream(seed, name, i) }),
        ),
      );
    try {
      await lines(NOISY * 10, 'warm-up');
      const before = await coordinator.read();
      await lines(LINES_EACH, 'noise');
      const after = await coordinator.read();
      assert.equal(after.uncaught, 0);
      const grown = after.rss - before.rss;
      assert.ok(grown < 50_000_000, `the coordinator grew by ${grown} bytes`);
      return `grown by ${(grown / 1e6).toFixed(1)} MB over ${LINES_EACH} lines`;
    } finally {
      coordinator.child.process.kill('SIGKILL');
      rmSync(coordinator.folder, { recursive: true, force: true });
    }
  },
});

/** Ten million mutated frames through the parser and the schemas, a hundred thousand lines of noise into a real coordinator. */
export const frames: Sweep = {
  name: 'frames',
  summary: '10 million mutated frames and 100,000 lines of random bytes: nothing ends, nothing grows',
  steps: () => [
    ...Array.from({ length: FRAMES / FRAMES_EACH }, (_, i) => mutated(1_000 + i)),
    ...Array.from({ length: LINES / LINES_EACH }, (_, i) => noisy(i)),
  ],
};
