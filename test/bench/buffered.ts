import { join } from 'node:path';
import { measured, median, type Benchmark, type Measured } from './benchmark.ts';
import { ROOT } from '../simulate/child.ts';
import { curveText, firstAt, trainCourse, type Course } from './course.ts';

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

const train = (overrides: readonly string[], delay: number) => trainCourse(FILE, overrides, { slow: SLOW, delay });

function compare(sync: Course, buffered: Course, say: (text: string) => void): Measured[] {
  // The best loss that sync reaches in its course, and when each of the two is there.
  const loss = Math.min(...sync.curve.map((point) => point.loss));
  for (const [name, course] of Object.entries({ sync, buffered }))
    say(`${name}: ${curveText(course)}; mean test accuracy ${course.score.toFixed(4)}`);
  const reached = firstAt(buffered, loss);
  const baseline = firstAt(sync, loss)!;
  if (reached === undefined) say(`buffered never reached the loss ${loss.toFixed(4)}; its whole course is counted`);
  return [
    measured({
      id: 'buffered-time',
      what: `hospitals, one client five times slower: seconds to validation loss ${loss.toFixed(3)}, buffered against sync`,
      ours: reached ?? Math.max(buffered.seconds, baseline),
      baseline,
      unit: 's',
      goal: 0.5,
      better: 'lower',
    }),
    measured({
      id: 'buffered-accuracy',
      what: 'hospitals: mean test accuracy lost by not waiting, in points, against the allowed one',
      ours: 100 * (sync.score - buffered.score),
      baseline: 1,
      unit: 'points',
      goal: 1,
      better: 'lower',
    }),
  ];
}
