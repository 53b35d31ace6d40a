import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent } from '@trunkline/coordinator';
import { measured, median, type Benchmark, type Measured } from './benchmark.ts';
import { ROOT } from '../simulate/child.ts';
import { readJob } from '../simulate/job.ts';
import { trainOverSockets } from '../simulate/sockets.ts';

const FILE = join(ROOT, 'examples', 'hospitals', 'run.yaml');
const SLOW = 'xray';
const ROUNDS = 300;
const EVALUATIONS = 15;
/** The trunk moves at every answer. Rounds enough for somewhat less than half of the time that `sync` takes. */
const SIZE = 1;
const BUFFERED_ROUNDS = 1600;
const BUFFERED_EVALUATIONS = 20;

/** One client five times slower than the others: a run that waits for it against one that does not. */
export const bufferedBenchmark: Benchmark = {
  name: 'buffered',
  group: 'modes',
  summary:
    'Mode buffered against sync on the hospitals, one client slowed five times: time to the same loss, accuracy.',
  async measure(say) {
    const answer = median((await train(['rounds=40', 'evaluateEvery=40'], 0)).rounds.slice(10));
    const delay = Math.round(4 * answer);
    say(`a round takes ${answer.toFixed(1)} ms; ${SLOW} is held up by ${delay} ms an answer`);
    const sync = await train([`rounds=${ROUNDS}`, `evaluateEvery=${ROUNDS / EVALUATIONS}`], delay);
    const mode = `mode={"buffered": {"size": ${SIZE}}}`;
    const rounds = [`rounds=${BUFFERED_ROUNDS}`, `evaluateEvery=${BUFFERED_ROUNDS / BUFFERED_EVALUATIONS}`];
    const buffered = await train([mode, ...rounds], delay);
    return compare(sync, buffered, say);
  },
};

interface Course {
  /** Milliseconds of each round. */
  readonly rounds: readonly number[];
  /** Mean validation loss over the tasks, and when it was reached, in seconds from the first broadcast. */
  readonly curve: readonly { seconds: number; loss: number }[];
  readonly seconds: number;
  /** Mean test accuracy over the tasks. */
  readonly accuracy: number;
}

async function train(overrides: readonly string[], delay: number): Promise<Course> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
  try {
    const job = readJob(FILE, [...overrides, 'probeEvery=0', 'checkpointEvery=100000']);
    const clientArgs = (client: string) => (client === SLOW && delay > 0 ? ['--delay', String(delay)] : []);
    await trainOverSockets(job, { folder, heard: () => undefined, clientArgs });
    const lines = readFileSync(join(folder, 'events.jsonl'), 'utf8').trim().split('\n');
    return courseOf(lines.map((line) => JSON.parse(line) as RunEvent & { at: string }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function courseOf(events: readonly (RunEvent & { at: string })[]): Course {
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
    accuracy: mean(test.tasks.map(({ metrics }) => metrics['accuracy']!)),
  };
}

function compare(sync: Course, buffered: Course, say: (text: string) => void): Measured[] {
  // The best loss that sync reaches in its course, and when each of the two is there.
  const loss = Math.min(...sync.curve.map((point) => point.loss));
  const first = ({ curve }: Course) => curve.find((point) => point.loss <= loss)?.seconds;
  for (const [name, { curve, accuracy }] of Object.entries({ sync, buffered }))
    say(
      `${name}: ${curve.map((point) => `${point.loss.toFixed(3)} at ${point.seconds.toFixed(1)} s`).join(', ')}; mean test accuracy ${accuracy.toFixed(4)}`,
    );
  const reached = first(buffered);
  if (reached === undefined) say(`buffered never reached the loss ${loss.toFixed(4)}; its whole course is counted`);
  return [
    measured({
      id: 'buffered-time',
      what: `hospitals, one client five times slower: seconds to validation loss ${loss.toFixed(3)}, buffered against sync`,
      ours: reached ?? Math.max(buffered.seconds, first(sync)!),
      baseline: first(sync)!,
      unit: 's',
      goal: 0.5,
      better: 'lower',
    }),
    measured({
      id: 'buffered-accuracy',
      what: 'hospitals: mean test accuracy lost by not waiting, in points, against the allowed one',
      ours: 100 * (sync.accuracy - buffered.accuracy),
      baseline: 1,
      unit: 'points',
      goal: 1,
      better: 'lower',
    }),
  ];
}
