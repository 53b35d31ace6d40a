import type { Job } from '../simulate/job.ts';
import { checkHistory } from './check-history.ts';
import { COORDINATOR, openFleet } from './fleet.ts';

/**
 * Trains a run whose coordinator dies before the n-th change of its disk, for each n in turn, and is begun again: life k dies at `failpoints[k]`, the last
 * one lives.
 * @returns the trunk's SHA-256 at the end, and how many lives were ended by their failpoint
 */
export async function failRun(
  job: Job,
  folder: string,
  failpoints: readonly number[],
): Promise<{ sha256: string; died: number }> {
  const fleet = openFleet({
    folder,
    job,
    coordinator: (life, place) => ({
      entry: 'test/dist/faults/failing-coordinator.js',
      args: [job.file, place, String(failpoints[life] ?? 0), ...job.overrides],
    }),
  });
  try {
    let died = 0;
    await fleet.start(COORDINATOR);
    const clients = (async () => {
      for (const { config } of job.clients) await fleet.start(config.client);
    })();
    for (;;) {
      const { code, how } = await fleet.ended(COORDINATOR);
      if (code === 0) break;
      if (code !== null) throw new Error(`a failpoint is no error: the coordinator ended ${how}`);
      died++;
      await fleet.start(COORDINATOR);
    }
    await clients;
    await Promise.all(job.clients.map(({ config }) => fleet.ended(config.client)));
    checkHistory(folder, fleet.lines, { exact: true });
    const end = fleet.lines.findLast(({ from, said }) => from === COORDINATOR && said.event === 'finished');
    return { sha256: String(end?.said['sha256']), died };
  } finally {
    await fleet.close();
  }
}
