import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measured, type Benchmark, type Measured } from './benchmark.ts';
import { ROOT } from '../simulate/child.ts';
import type { Joint } from '../simulate/joint.ts';
import { readJob } from '../simulate/job.ts';
import { trainOverSockets } from '../simulate/sockets.ts';

const FILE = join(ROOT, 'examples', 'drug-discovery', 'run.yaml');
const ROUNDS = 200;

/** The main job as it stands, where Adam moves every value of the trunk in every round, and with few entries and SGD, which moves those alone. */
const RUNS = [
  { id: 'down-all-move', text: 'every value moves (AdamW)', up: '', set: [], goal: 0.8 },
  {
    id: 'down-few-move',
    text: 'few values move (topk 1 %, SGD)',
    up: 'up: {topk: {fraction: 0.01, momentum: 0.9}}',
    set: ['optimizer={sgd: {learningRate: 0.05}}'],
    goal: 0.15,
  },
] as const;

/** What trunks as differences save of the bytes that go down. The trunk at the end is the same, or the figures would say nothing. */
export const downlinkBenchmark: Benchmark = {
  name: 'downlink',
  ids: ['D1'],
  group: 'modes',
  summary: `Bytes that go down in ${ROUNDS} rounds of the main job with \`codec: { down: delta }\`, against float32, at the sockets; both end in the same trunk.`,
  async measure(say) {
    const claims: Measured[] = [];
    for (const { id, text, up, set, goal } of RUNS) {
      const whole = await train([...set, ...(up ? [`codec={${up}}`] : [])]);
      const told = await train([...set, `codec={${up ? `${up}, ` : ''}down: delta}`]);
      if (told.trunk.sha256 !== whole.trunk.sha256) throw new Error(`${text}: another trunk with delta than without`);
      say(
        `${text}: trunk ${told.trunk.sha256.slice(0, 12)} both ways, ${seconds(told)} s with delta and ${seconds(whole)} s without`,
      );
      const sides = { ours: told.bytes!.down, baseline: whole.bytes!.down };
      claims.push(
        measured({
          id,
          what: `Bytes down, ${text}: delta against float32`,
          ...sides,
          unit: 'bytes',
          goal,
          better: 'lower',
        }),
      );
    }
    return claims;
  },
};

const seconds = ({ seconds }: Joint): string => seconds.toFixed(1);

async function train(set: readonly string[]): Promise<Joint> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-downlink-'));
  try {
    const job = readJob(FILE, [`rounds=${ROUNDS}`, 'probeEvery=0', `evaluateEvery=${ROUNDS}`, ...set]);
    return await trainOverSockets(job, { folder, heard: () => undefined });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
