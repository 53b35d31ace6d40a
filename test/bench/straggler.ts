import { measured, median, type Benchmark } from './benchmark.ts';
import { curveText, firstAt, trainCourse } from './course.ts';
import { eightLabs } from './eight-labs.ts';

const SLOWER = 10;
/** Which of the eight is slow. */
const SLOW = 'lab-d-nr-aromatase';
/** Of the run that waits; fewer where they would take longer than this. */
const [ROUNDS, FEWEST, SYNC_MS] = [60, 10, 60_000];
/**
 * The trunk moves at every second answer, at 800 of them: four moves are as much training as one round of all. At every single answer it takes a third longer to the
 * same loss (each move follows one task), at every third or fourth a tenth longer.
 */
const BUFFERED_ROUNDS = 400;
/** A run that takes longer is broken off. */
const RUN_MS = 300_000;

/** On a busy machine eight processes take their time to join. */
const SYNC = `mode=${JSON.stringify({ sync: { giveUpAfterMs: RUN_MS } })}`;
const BUFFERED = `mode=${JSON.stringify({ buffered: { size: 2, giveUpAfterMs: RUN_MS } })}`;

/** One client of eight ten times slower than the others: a run that waits for it against one that does not. */
export const stragglerBenchmark: Benchmark = {
  name: 'straggler',
  ids: ['E7'],
  group: 'modes',
  summary: `Mode buffered against sync with eight clients, one of them ${SLOWER} times slower: time to the same loss.`,
  async measure(say) {
    const job = eightLabs();
    const train = (overrides: readonly string[], delay: number) =>
      trainCourse(job.file, overrides, { slow: SLOW, delay, signal: AbortSignal.timeout(RUN_MS) });
    try {
      const answer = median((await train([SYNC, 'rounds=30', 'evaluateEvery=30'], 0)).rounds.slice(10));
      const delay = Math.round((SLOWER - 1) * answer);
      say(`a round takes ${answer.toFixed(1)} ms; ${SLOW} is held up by ${delay} ms an answer`);
      const rounds = Math.max(FEWEST, Math.min(ROUNDS, Math.floor(SYNC_MS / (SLOWER * answer))));
      if (rounds < ROUNDS) say(`the machine is slow: ${rounds} rounds that wait in place of ${ROUNDS}`);
      const sync = await train([SYNC, `rounds=${rounds}`, 'evaluateEvery=5'], delay);
      const buffered = await train([BUFFERED, `rounds=${BUFFERED_ROUNDS}`, 'evaluateEvery=12'], delay);
      for (const [name, course] of Object.entries({ sync, buffered }))
        say(`${name}: ${curveText(course)}; mean test score ${course.score.toFixed(4)}`);
      // The best that sync comes to.
      const loss = Math.min(...sync.curve.map((point) => point.loss));
      const baseline = firstAt(sync, loss)!;
      const reached = firstAt(buffered, loss);
      if (reached === undefined) say(`buffered never reached the loss ${loss.toFixed(4)}; its whole course is counted`);
      return [
        measured({
          id: 'E7',
          what: `eight clients, one ${SLOWER} times slower: seconds to validation loss ${loss.toFixed(3)}, buffered against sync`,
          ours: reached ?? Math.max(buffered.seconds, baseline),
          ...{ baseline, unit: 's', goal: 0.25, better: 'lower' },
        }),
      ];
    } finally {
      job.remove();
    }
  },
};
