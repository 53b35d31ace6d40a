import { expect, it } from 'vitest';
import { soakRun } from './wire/soak-run.ts';

it('a coordinator holds as much after 500 rounds as after 100: heap, buffers, descriptors, timers', async () => {
  const { readings, code } = await soakRun({ at: [100, 500], more: 'checkpointEvery: 50\n' });
  const [early, late] = readings;
  expect(late!.heapUsed - early!.heapUsed).toBeLessThan(1_000_000);
  expect(late!.external - early!.external).toBeLessThan(1_000_000);
  expect(late!.arrayBuffers - early!.arrayBuffers).toBeLessThan(1_000_000);
  expect(late!.descriptors).toBe(early!.descriptors);
  // A timer of a message that is being answered may stand; one that stays would be there hundreds of times.
  expect(late!.timers).toBe(early!.timers);
  expect(late!.uncaught).toBe(0);
  expect(code).toBe(0);
});
