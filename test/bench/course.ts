import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventsOf, type Stamped } from './round-times.ts';
import { readJob } from '../simulate/job.ts';
import { trainOverSockets } from '../simulate/sockets.ts';

export interface Course {
  /** Milliseconds of each round. */
  readonly rounds: readonly number[];
  /** Mean validation loss over the tasks, and when it was reached, in seconds from the first broadcast. */
  readonly curve: readonly { seconds: number; loss: number }[];
  readonly seconds: number;
  /** Mean over the tasks of each one's first metric on the test split. */
  readonly score: number;
}

/** Trains over sockets, one client held up by `delay` milliseconds an answer. */
export async function trainCourse(
  file: string,
  overrides: readonly string[],
  { slow, delay, signal }: { slow: string; delay: number; signal?: AbortSignal },
): Promise<Course> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
  try {
    const job = readJob(file, [...overrides, 'probeEvery=0', 'checkpointEvery=100000']);
    const clientArgs = (client: string) => (client === slow && delay > 0 ? ['--delay', String(delay)] : []);
    await trainOverSockets(job, { folder, heard: () => undefined, clientArgs, ...(signal ? { signal } : {}) });
    return courseOf(eventsOf(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function courseOf(events: readonly Stamped[]): Course {
  const begun = Date.parse(events.find(({ event }) => event === 'checkpoint')!.at);
  const since = (at: string) => (Date.parse(at) - begun) / 1000;
  const scores = events.flatMap((event) => (event.event === 'scores' ? [event] : []));
  const curve = scores
    .filter(({ split }) => split === 'validation')
    .map(({ at, tasks }) => ({ seconds: since(at), loss: mean(tasks.map(({ loss }) => loss!)) }));
  const test = scores.find(({ split }) => split === 'test')!;
  return {
    rounds: events.flatMap((event) => (event.event === 'round' ? [event.timing.roundMs] : [])),
    curve,
    seconds: curve.at(-1)!.seconds,
    score: mean(test.tasks.map(({ metrics }) => Object.values(metrics)[0] ?? NaN)),
  };
}

/** When a course first had this loss, in seconds; undefined: never. */
export const firstAt = ({ curve }: Course, loss: number): number | undefined =>
  curve.find((point) => point.loss <= loss)?.seconds;

export const curveText = ({ curve }: Course): string =>
  curve.map((point) => `${point.loss.toFixed(3)} at ${point.seconds.toFixed(1)} s`).join(', ');
