import { median, type Measured } from '../benchmark.ts';
import { checkSameData, told, trainHospitals, type Trained } from './hospitals.ts';
import { flowerAtItsBest } from './flower-at-its-best.ts';
import { extrapolated, fewerSeconds } from './peer-figures.ts';
import { flowerRounds, peerBenchmark } from './peer-benchmark.ts';

const STEPS = 1_480;
const EPOCH = 148;
const OURS_LIMIT_MS = 10 * 60_000;

export const flowerEpochsBenchmark = peerBenchmark({
  name: 'flower-epochs',
  ids: ['F2'],
  summary: `A round of ${EPOCH} local steps of three hospitals, against Flower’s: the same data, trunk, steps and optimizer.`,
  async measure(peers, say) {
    checkSameData(peers.data);
    const rounds = STEPS / EPOCH;
    const ours = () => trainHospitals(EPOCH, rounds, OURS_LIMIT_MS);
    const before = await ours();
    tell('F2', before, say);
    const flower = await flowerAtItsBest(peers, flowerJob('epoch', rounds), say);
    const after = await ours();
    const seconds = median([...before.rounds, ...after.rounds]);
    say(
      `F2: ours after ${rounds} such rounds ${after.end ? told(after.end.accuracy) : 'were not all run'}; Flower after ${flower.rounds + 1} ${told(flower.accuracy)}, own nets ${told(flower.own)}`,
    );
    return [
      fewerSeconds({
        id: 'F2',
        what: `a round of ${EPOCH} local steps, 3 clients: against Flower, ${flower.setting}`,
        ours: seconds,
        baseline: flower.seconds,
        times: 10,
      }),
    ];
  },
});

/** One-step rounds, alone and as the whole job of 1,480. */
export const flowerStepsBenchmark = peerBenchmark({
  name: 'flower-steps',
  ids: ['F1', 'F7'],
  summary: `A round of one step of three hospitals, and the whole job of ${STEPS} such rounds, against Flower’s, whose whole job is extrapolated.`,
  async measure(peers, say) {
    checkSameData(peers.data);
    const local = await trainHospitals(1, STEPS, OURS_LIMIT_MS);
    tell('F1', local, say);
    const flower = await flowerAtItsBest(peers, flowerJob('step', 20), say);
    const sync = await trainHospitals('sync', STEPS, OURS_LIMIT_MS);
    const whole = extrapolated(flower, STEPS);
    say(`Flower’s ${STEPS} rounds are extrapolated from ${flower.rounds + 1}: ${(whole / 3600).toFixed(2)} h`);
    const ways: [string, Trained, string][] = [
      ['', local, 'one local step of Adam, the mean of the trunks'],
      ['-sync', sync, 'mode sync: the mean of the gradients, Adam at the coordinator'],
    ];
    return ways.flatMap(([suffix, trained, how]) => [
      fewerSeconds({
        id: `F1${suffix}`,
        what: `a round of one step, 3 clients (${how}): against Flower, ${flower.setting}`,
        ours: median(trained.rounds),
        baseline: flower.seconds,
        times: 200,
      }),
      ...wholeJob({ id: `F7${suffix}`, trained, whole, say }),
    ]);
  },
});

function wholeJob(job: { id: string; trained: Trained; whole: number; say: (text: string) => void }): Measured[] {
  const { id, trained, whole, say } = job;
  if (!trained.end) {
    say(`${id}: not measured: ${trained.rounds.length + 1} of ${STEPS} rounds in ${OURS_LIMIT_MS / 60_000} minutes`);
    return [];
  }
  const what = `${STEPS} such rounds: against Flower’s, extrapolated`;
  return [fewerSeconds({ id, what, ours: trained.end.seconds, baseline: whole, times: 200 })];
}

const flowerJob = (what: 'step' | 'epoch', rounds: number) => ({
  script: 'flower_mtl.py',
  args: ['--what', what, `--${what}-rounds`, String(flowerRounds(rounds))],
  name: what,
});

/** At once: a later failure of the other side does not take it away. */
const tell = (id: string, { rounds }: Trained, say: (text: string) => void): void =>
  say(`${id}, ours: ${median(rounds).toPrecision(3)} s a round, median of ${rounds.length}`);
