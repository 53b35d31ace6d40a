import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tellAll } from './bad-input/told.ts';
import { startMeasured, THIN_INPUT } from './wire/measured-coordinator.ts';
import { openThinClient } from './wire/thin-client.ts';

const CLIENTS = 6;
const MEGABYTE = 1_000_000;
const PARAMETERS = MEGABYTE / 4;
const ROUNDS = 4;
const tasks = Array.from({ length: CLIENTS }, (_, i) => `t-${String(i).padStart(2, '0')}`);

/**
 * Six clients with an answer of 1 MB each, all ready at once, before a coordinator that is paused, so that nothing of what comes in is used up;
 * and what its process then holds beyond what it held before.
 */
async function crowd(uploadsMb: number): Promise<{ held: number; answered: number; waiting: number; code: number }> {
  const more = `uploadsMb: ${uploadsMb}\nmode: { buffered: { size: 2 } }\n`;
  const coordinator = await startMeasured({ parameters: PARAMETERS, tasks, rounds: ROUNDS, more });
  const gradient = new Float32Array(PARAMETERS).fill(0.001);
  let go: () => void = () => undefined;
  const paused = new Promise<void>((resolve) => (go = resolve));
  const clients = tasks.map((task) =>
    openThinClient({
      ...{ url: coordinator.url, client: task, task, input: THIN_INPUT, gradient: () => gradient },
      delay: (round) => (round === 0 ? paused : Promise.resolve()),
    }),
  );
  const ended = Promise.all(clients.map(({ done }) => done));
  ended.catch(() => undefined);
  const those = (what: 'round' | 'ready' | 'sent') =>
    clients.filter(({ events }) => events.some((event) => event.what === what)).length;
  const steer = (what: 'pause' | 'resume') => tellAll([['coordinator', what, join(coordinator.folder, 'run')]]);
  try {
    await Promise.race([expect.poll(() => those('round'), { timeout: 20_000 }).toBe(CLIENTS), ended]);
    expect((await steer('pause'))[0]!.code).toBe(0);
    await coordinator.read();
    const { arrayBuffers: before } = await coordinator.read();
    go();
    const fit = Math.min(CLIENTS, uploadsMb);
    await expect.poll(() => those('sent'), { timeout: 20_000 }).toBe(fit);
    // What is turned away for the moment has said so by now.
    await expect.poll(() => those('ready'), { timeout: 20_000 }).toBeGreaterThanOrEqual(CLIENTS - fit);
    await coordinator.read();
    const { arrayBuffers } = await coordinator.read();
    const answered = those('sent');
    expect((await steer('resume'))[0]!.code).toBe(0);
    await ended;
    const { code } = await coordinator.child.exited;
    return { held: arrayBuffers - before, answered, waiting: CLIENTS - answered, code: code ?? -1 };
  } finally {
    for (const client of clients) client.close();
    coordinator.child.process.kill('SIGKILL');
    rmSync(coordinator.folder, { recursive: true, force: true });
  }
}

it('a coordinator in mode buffered holds no more answers than its budget has room for, and trains to the end with all who wait', async () => {
  const short = await crowd(2);
  expect(short).toMatchObject({ answered: 2, waiting: CLIENTS - 2, code: 0 });
  expect(short.held).toBeLessThan(3 * MEGABYTE);
  // The same reading sees what is not held back.
  const ample = await crowd(100);
  expect(ample).toMatchObject({ answered: CLIENTS, waiting: 0, code: 0 });
  expect(ample.held).toBeGreaterThan((CLIENTS - 1) * MEGABYTE);
});
