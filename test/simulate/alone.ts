import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fail, fromReport, type ErrorReport, type TrunklineError } from '@trunkline/protocol';
import { reasonOf, runChild, type Child } from './child.ts';
import type { Job } from './job.ts';

/** Scores of one task trained without the others, on the test split. */
export interface AloneTask {
  readonly task: string;
  readonly client: string;
  readonly metrics: Readonly<Record<string, number | null>>;
}

/**
 * Trains every task alone: the same trunk, head, batches, optimizers, rounds and threads, λ = 1, no sockets and no one else. As many
 * processes as the cores allow; each process has one training thread.
 */
export async function trainAlone(
  job: Job,
  deps: { logs: string; done: (task: string) => void; signal?: AbortSignal },
): Promise<AloneTask[]> {
  const tasks = job.clients.flatMap(({ file, config }) =>
    config.tasks.map(({ id }) => ({ file, client: config.client, task: id })),
  );
  const lanes = Math.max(1, Math.min(tasks.length, Math.floor(availableParallelism() / job.threads)));
  const results: AloneTask[] = [];
  let failure: TrunklineError | undefined;
  const children: Child[] = [];
  const stop = () => children.forEach((child) => child.stop());
  const lane = async (place: number) => {
    // Tasks of one client stay in one process as far as they can: its data is read once.
    const mine = tasks.slice(
      Math.ceil((place * tasks.length) / lanes),
      Math.ceil(((place + 1) * tasks.length) / lanes),
    );
    const child = runChild({
      entry: 'test/dist/simulate/alone-process.js',
      args: [JSON.stringify({ run: job.file, overrides: job.overrides, threads: job.threads, tasks: mine })],
      log: join(deps.logs, `alone-${place}.log`),
      heard(line) {
        if (line['event'] === 'error') failure ??= fromReport(line as unknown as ErrorReport);
        if (line['event'] !== 'alone') return;
        results.push(line as unknown as AloneTask);
        deps.done(String(line['task']));
      },
    });
    children.push(child);
    const { code, how } = await child.exited;
    if (code === 0) return;
    throw (
      failure ??
      fail('CLIENT_FAILED', {
        client: 'alone',
        how,
        reason: reasonOf(child.lastWords()),
        remedy: `Its log: ${child.log}`,
      })
    );
  };
  deps.signal?.throwIfAborted();
  deps.signal?.addEventListener('abort', stop);
  try {
    await Promise.all(Array.from({ length: lanes }, (_, place) => lane(place)));
    return results;
  } catch (error) {
    // One lane that failed ends the others: nothing runs on behind the user's back.
    stop();
    await Promise.all(children.map(({ exited }) => exited));
    throw error;
  } finally {
    deps.signal?.removeEventListener('abort', stop);
  }
}
