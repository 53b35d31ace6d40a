import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { startMeasured, THIN_INPUT } from './wire/measured-coordinator.ts';
import { openThinClient } from './wire/thin-client.ts';

it('a coordinator holds as much after 500 rounds as after 100: heap, buffers, descriptors, timers', async () => {
  const parameters = 20_000;
  const tasks = ['a', 'b'];
  const coordinator = await startMeasured({ parameters, tasks, rounds: 501, more: 'checkpointEvery: 50\n' });
  const gradient = new Float32Array(parameters).fill(0.001);
  // Held at two rounds, so that both readings are of the same moment of a round.
  let held: () => void = () => undefined;
  const delay = (round: number) =>
    round === 100 || round === 500 ? new Promise<void>((resolve) => (held = resolve)) : Promise.resolve();
  const clients = tasks.map((task) =>
    openThinClient({
      ...{ url: coordinator.url, client: task, task, input: THIN_INPUT, gradient: () => gradient },
      ...(task === 'a' ? { delay } : {}),
    }),
  );
  try {
    const readAt = async (round: number) => {
      await coordinator.until('round', (line) => line['round'] === round - 1);
      await new Promise((resolve) => setTimeout(resolve, 300));
      // What the first collection frees the second can count.
      await coordinator.read();
      const reading = await coordinator.read();
      held();
      return reading;
    };
    const early = await readAt(100);
    const late = await readAt(500);
    await Promise.all(clients.map(({ done }) => done));
    expect(late.heapUsed - early.heapUsed).toBeLessThan(1_000_000);
    expect(late.external - early.external).toBeLessThan(1_000_000);
    expect(late.arrayBuffers - early.arrayBuffers).toBeLessThan(1_000_000);
    expect([late.descriptors, late.timers]).toEqual([early.descriptors, early.timers]);
    expect(late.uncaught).toBe(0);
    expect((await coordinator.child.exited).code).toBe(0);
  } finally {
    for (const client of clients) client.close();
    coordinator.child.process.kill('SIGKILL');
    rmSync(coordinator.folder, { recursive: true, force: true });
  }
}, 90_000);
