import type { Benchmark } from '../benchmark.ts';
import { flowerAccuracyBenchmark } from './flower-accuracy.ts';
import { flowerCrashBenchmark } from './flower-crash.ts';
import { flowerEpochsBenchmark, flowerStepsBenchmark } from './flower-rounds.ts';
import { flowerTransportBenchmarks } from './flower-transport.ts';
import { torchjdBenchmark } from './torchjd.ts';
import { wholeStepBenchmark } from './whole-step.ts';

/** Each runs another project's program beside ours, and only with `--peers`. */
export const peerBenchmarks: readonly Benchmark[] = [
  torchjdBenchmark,
  wholeStepBenchmark,
  flowerStepsBenchmark,
  flowerEpochsBenchmark,
  flowerAccuracyBenchmark,
  ...flowerTransportBenchmarks,
  flowerCrashBenchmark,
];
