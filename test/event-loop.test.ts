import { rmSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { expect, it } from 'vitest';
import { startMeasured, THIN_INPUT } from './wire/measured-coordinator.ts';
import { openThinClient } from './wire/thin-client.ts';

/** On a machine that others fill, a process is late for reasons of its neighbours: there the bound says nothing. */
const busy = () => loadavg()[0]! > availableParallelism() * 1.5;

it('a coordinator hears its lines within 50 ms while 32 clients send 4 MB each', async ({ skip }) => {
  if (busy()) skip('this machine is busy with other things');
  const parameters = 1_000_000;
  const tasks = Array.from({ length: 32 }, (_, i) => `task-${i}`);
  const coordinator = await startMeasured({ parameters, tasks, rounds: 3 });
  const gradient = new Float32Array(parameters).fill(0.001);
  const clients = tasks.map((task) =>
    openThinClient({ ...{ url: coordinator.url, client: task, task, input: THIN_INPUT }, gradient: () => gradient }),
  );
  try {
    await coordinator.until('checkpoint');
    await coordinator.read();
    await coordinator.until('round', (line) => line['round'] === 2);
    const { p99 } = await coordinator.read();
    await Promise.all(clients.map(({ done }) => done));
    expect(p99).toBeLessThan(50);
  } finally {
    for (const client of clients) client.close();
    coordinator.child.process.kill('SIGKILL');
    rmSync(coordinator.folder, { recursive: true, force: true });
  }
}, 90_000);
