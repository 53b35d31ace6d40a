import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomStream } from '@trunkline/model/random';
import { writeSmallRun } from '../bad-input/small-run.ts';
import { disturbRun, type LineDisturbance } from '../faults/disturb-run.ts';
import { namespaceGround, openNamespaces, withoutNamespaces } from '../faults/network-namespaces.ts';
import { trainInProcess } from '../simulate/in-process.ts';
import { readJob } from '../simulate/job.ts';
import type { Sweep, SweepStep } from './sweep.ts';

const EACH = 5;
const KINDS: readonly LineDisturbance[] = ['two-way', 'up', 'down', 'flapping'];
/** Up to what length the partitions of each step last. Between six and thirty seconds nothing but the kernel's next attempt ends them. */
const LENGTHS = [2_000, 4_000, 4_000, 60_000];
/** Bits a second. */
const RATES = [256_000, 1_000_000];

/** The same promises as over a proxy, where the kernel itself cuts the line. */
export const namespaces: Sweep = {
  name: 'namespaces',
  summary:
    'two network namespaces whose line is taken down, or leads nowhere one way: at work again within 5 s, and the bytes of an undisturbed run',
  steps: () => [
    ...LENGTHS.map((longestMs, seed) => partitioned(seed, longestMs)),
    ...RATES.map((bitsPerSecond) => slow(bitsPerSecond)),
  ],
};

/** Nothing is claimed where the kernel or this user may not make namespaces: that is said instead. */
async function inNamespaces(what: (net: ReturnType<typeof openNamespaces>, folder: string) => Promise<string>) {
  const why = withoutNamespaces();
  if (why) return `skipped: ${why}`;
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-namespaces-'));
  const net = openNamespaces(String(process.pid));
  try {
    return await what(net, folder);
  } finally {
    net.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Clients that start on a busy machine may take their time. */
const patient = 'mode={ sync: { giveUpAfterMs: 600000 } }';
/** More than pass while the line comes and goes. */
const settingsFor = (longestMs: number) => {
  const rounds = longestMs > 10_000 ? 3_000 : 400;
  return [`rounds=${rounds}`, `evaluateEvery=${rounds / 2}`, 'checkpointEvery=50', 'probeEvery=0', patient];
};

const partitioned = (seed: number, longestMs: number): SweepStep => ({
  name: `seed ${seed}: ${EACH} partitions of up to ${longestMs / 1_000} s`,
  run: () =>
    inNamespaces(async (net, folder) => {
      const random = randomStream(seed, 'which partitions');
      const disturbances = Array.from({ length: EACH }, () => KINDS[random.below(KINDS.length)]!);
      const job = readJob(writeSmallRun(join(folder, 'small')), settingsFor(longestMs));
      const plan = { seed, disturbances, longestMs };
      const { healed, resumed } = await disturbRun(job, folder, plan, namespaceGround(net));
      const slowest = healed.reduce((most, one) => (one.ms > most.ms ? one : most));
      assert.ok(slowest.ms < 5_000, `${slowest.what}: at work again after ${slowest.ms.toFixed(0)} ms`);
      assert.equal(resumed.sha256, (await trainInProcess(job)).trunk.sha256, 'the trunk differs');
      return `at work again after ${slowest.ms.toFixed(0)} ms at the most (${slowest.what})`;
    }),
});

const slow = (bitsPerSecond: number): SweepStep => ({
  name: `${bitsPerSecond / 1_000} kbit/s by the kernel, with one partition`,
  run: () =>
    inNamespaces(async (net, folder) => {
      net.rate(bitsPerSecond);
      const job = readJob(writeSmallRun(join(folder, 'small')), settingsFor(2_000));
      const plan = { seed: 1, disturbances: ['two-way'] as const, longestMs: 2_000 };
      const { healed, resumed } = await disturbRun(job, folder, plan, namespaceGround(net));
      assert.equal(resumed.sha256, (await trainInProcess(job)).trunk.sha256, 'the trunk differs');
      return `at work again after ${healed[0]!.ms.toFixed(0)} ms`;
    }),
});
