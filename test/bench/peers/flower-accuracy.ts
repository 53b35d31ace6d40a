import { measured, median, type Measured } from '../benchmark.ts';
import { accuracyOfSeeds, checkSameData, HOSPITALS, told, type HospitalMode } from './hospitals.ts';
import { peerBenchmark } from './peer-benchmark.ts';
import { referenceAccuracy } from './peer-figures.ts';
import { runPeer } from './run-peer.ts';

const SEEDS = 3;
const STEPS = 1_480;
const EPOCH = 148;
const LIMIT_MS = 20 * 60_000;

/** Our ways through 1,480 steps, and which of the other's two each stands beside. */
const WAYS: readonly { suffix: string; mode: HospitalMode; rounds: number; kind: 'step' | 'epoch'; how: string }[] = [
  { suffix: '', mode: 1, rounds: STEPS, kind: 'step', how: 'local steps of Adam, averaged after each' },
  { suffix: '-sync', mode: 'sync', rounds: STEPS, kind: 'step', how: 'mode sync' },
  { suffix: '-epoch', mode: EPOCH, rounds: STEPS / EPOCH, kind: 'epoch', how: 'averaged once an epoch' },
];

/** Accuracies do not depend on how busy a machine is; Flower's come from a script that does its arithmetic without it, since 1,480 of its rounds take hours. */
export const flowerAccuracyBenchmark = peerBenchmark({
  name: 'flower-accuracy',
  ids: ['F7', 'F7-accuracy'],
  summary: `Test accuracies of the three hospitals after ${STEPS} steps, medians of ${SEEDS} seeds, beside those of Flower’s arithmetic.`,
  async measure(peers, say) {
    checkSameData(peers.data);
    const reference = await runPeer(peers, 'fedper_reference.py', ['--seeds', String(SEEDS)], LIMIT_MS / 1000);
    const averaged = {
      step: referenceAccuracy(reference, 'step', 'averaged'),
      epoch: referenceAccuracy(reference, 'epoch', 'averaged'),
    };
    say(
      `theirs, exchange per step: averaged trunk ${told(averaged.step)}; own nets ${told(referenceAccuracy(reference, 'step', 'own'))}`,
    );
    say(
      `theirs, averaged once an epoch: averaged trunk ${told(averaged.epoch)}; own nets ${told(referenceAccuracy(reference, 'epoch', 'own'))}`,
    );
    const rows: Measured[] = [];
    for (const { suffix, mode, rounds, kind, how } of WAYS) {
      const ours = await accuracyOfSeeds(mode, rounds, { seeds: SEEDS, limitMs: LIMIT_MS });
      for (const task of HOSPITALS)
        rows.push(
          measured({
            id: `F7${suffix}-${task}`,
            what: `${task}, accuracy after ${STEPS} steps (${how}): against their averaged trunk`,
            ...{ ours: median(ours[task]!), baseline: averaged[kind][task]!, unit: '', goal: 1, better: 'higher' },
          }),
        );
    }
    return rows;
  },
});
