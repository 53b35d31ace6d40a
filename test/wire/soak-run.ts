import { rmSync } from 'node:fs';
import type { Reading } from './gauge.ts';
import { startMeasured, THIN_INPUT } from './measured-coordinator.ts';
import { openThinClient } from './thin-client.ts';

export interface Soaked {
  /** One for each round of `at`, taken at the same moment of the round. */
  readonly readings: readonly Reading[];
  /** How the coordinator ended. */
  readonly code: number | null;
}

const PARAMETERS = 20_000;
/** How long nothing may happen before a reading: what a round has set off is over by then, the audit log's flush, half a second behind, included. */
const QUIET_MS = 1_200;

/**
 * A coordinator as a process of its own and two clients that train nothing, for some rounds more than the last of `at`: what it holds at each of them.
 * @param more further lines of the run file
 */
export async function soakRun({ at, more }: { at: readonly number[]; more: string }): Promise<Soaked> {
  const tasks = ['a', 'b'];
  const coordinator = await startMeasured({ parameters: PARAMETERS, tasks, rounds: at.at(-1)! + 1, more });
  const gradient = new Float32Array(PARAMETERS).fill(0.001);
  // Held up at the rounds that are read, so that all readings are of the same moment of a round.
  let held: () => void = () => undefined;
  const delay = (round: number) =>
    at.includes(round) ? new Promise<void>((resolve) => (held = resolve)) : Promise.resolve();
  const clients = tasks.map((task) =>
    openThinClient({
      ...{ url: coordinator.url, client: task, task, input: THIN_INPUT, gradient: () => gradient },
      ...(task === 'a' ? { delay } : {}),
    }),
  );
  const broken = Promise.all(clients.map(({ done }) => done));
  broken.catch(() => undefined);
  try {
    const readings: Reading[] = [];
    for (const round of at) {
      const reached = coordinator.until('round', (line) => line['round'] === round - 1);
      // A client that is sent away would be waited for without end.
      await Promise.race([reached, broken]);
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      // What the first collection frees the second can count.
      await coordinator.read();
      readings.push(await coordinator.read());
      held();
    }
    await broken;
    return { readings, code: (await coordinator.child.exited).code };
  } finally {
    for (const client of clients) client.close();
    coordinator.child.process.kill('SIGKILL');
    rmSync(coordinator.folder, { recursive: true, force: true });
  }
}
