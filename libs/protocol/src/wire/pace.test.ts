import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { sendChunks } from './chunk.ts';
import { createPace } from './pace.ts';

/** A line of so many bytes a second, with a queue that holds all: where it is sent faster, everything waits longer. */
function line(bytesPerSecond: number, delayMs = 1) {
  let now = 0;
  let busy = 0;
  const due: { at: number; resolve: () => void }[] = [];
  return {
    now: () => now,
    /** When something that is sent now would have arrived. */
    wait: () => Math.max(0, busy - now),
    send: (bytes: number) =>
      new Promise<void>((resolve) => {
        busy = Math.max(busy, now) + (bytes / bytesPerSecond) * 1000;
        due.push({ at: busy + delayMs, resolve });
      }),
    /** Lets the next acknowledgement come; false: nothing is under way. */
    async step() {
      await new Promise(setImmediate);
      const next = due.shift();
      if (!next) return false;
      now = Math.max(now, next.at);
      next.resolve();
      return true;
    },
    set rate(value: number) {
      bytesPerSecond = value;
    },
  };
}

async function run(bytes: number, wire: ReturnType<typeof line>, pace = createPace(wire.now)) {
  let longest = 0;
  const begun = wire.now();
  const sent = sendChunks(
    new Uint8Array(bytes),
    (_, chunk) => {
      const arrives = wire.send(chunk.byteLength);
      longest = Math.max(longest, wire.wait());
      return arrives;
    },
    { pace },
  );
  while (await wire.step());
  await sent;
  return { seconds: (wire.now() - begun) / 1000, longest, window: pace.window };
}

describe('the pace of a line', () => {
  it.each([4_000, 32_000, 125_000, 1_000_000, 100_000_000])(
    'keeps what waits in front of a heartbeat short at %d bytes/s, and the line full',
    async (rate) => {
      const bytes = Math.min(4_000_000, rate * 120);
      const { seconds, longest } = await run(bytes, line(rate));
      expect(longest).toBeLessThan(Math.max(2 * limits.queueMs, (2000 * limits.grainBytes) / rate + 1));
      expect(seconds).toBeLessThan((bytes / rate) * 1.1 + 0.2);
    },
  );

  it('fills a long and wide line: 100 ms of delay cost 4 MB less than a second', async () => {
    const { seconds, window } = await run(4_000_000, line(100_000_000, 100));
    expect(window).toBeGreaterThan(1_000_000);
    expect(seconds).toBeLessThan(1);
  });

  it('gives way within one window where the line turns slow under it', async () => {
    const wire = line(100_000_000);
    const pace = createPace(wire.now);
    const fast = await run(8_000_000, wire, pace);
    expect(fast.window).toBe(limits.chunksInFlight * limits.chunkBytes);
    wire.rate = 32_000;
    const slow = await run(4_000_000, wire, pace);
    expect(slow.window).toBeLessThan(3 * limits.queueMs * 32);
  });
});
