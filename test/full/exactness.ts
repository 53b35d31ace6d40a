import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inOtherOrder } from '../equivalence/other-order.ts';
import { trunkGapAfter, walkWithReferee } from '../equivalence/referee.ts';
import { ROOT } from '../simulate/child.ts';
import { trainInProcess } from '../simulate/in-process.ts';
import { readJob } from '../simulate/job.ts';
import type { Joint } from '../simulate/joint.ts';
import { trainOverSockets } from '../simulate/sockets.ts';
import type { Sweep, SweepStep } from './sweep.ts';

const OPTIMIZERS = [
  'optimizer={ momentum: { learningRate: 0.01, momentum: 0.9 } }',
  'optimizer={ adam: { learningRate: 0.001 } }',
  'optimizer={ adamw: { learningRate: 0.001, weightDecay: 0.01 } }',
];
const EXAMPLES = ['drug-discovery', 'hospitals'];
const SEEDS = [1, 2, 3];
const ROUNDS = 300;

/** The full cross of the exactness tests: both examples, three optimizers, sums and rows, three seeds. */
export const exactness: Sweep = {
  name: 'exactness',
  summary: 'sockets = one process byte for byte, and the fused model’s gradient within 1e-6, for every combination',
  steps: () =>
    EXAMPLES.flatMap((example) =>
      OPTIMIZERS.flatMap((optimizer) =>
        ['sum', 'rows'].flatMap((exchange) =>
          SEEDS.map((seed) => step(example, [optimizer, `exchange=${exchange}`, `seed=${seed}`])),
        ),
      ),
    ),
};

function step(example: string, settings: readonly string[]): SweepStep {
  const file = join(ROOT, 'examples', example, 'run.yaml');
  const job = (probeEvery = 0) =>
    readJob(file, [
      ...settings,
      `rounds=${ROUNDS}`,
      `evaluateEvery=${ROUNDS}`,
      'checkpointEvery=1000',
      `probeEvery=${probeEvery}`,
    ]);
  return {
    name: `${example} ${settings.join(' ')}`,
    async run() {
      const folder = mkdtempSync(join(tmpdir(), 'trunkline-full-'));
      try {
        const bytes = ({ trunk, digests }: Joint) => ({ sha256: trunk.sha256, digests });
        const one = await trainInProcess(job());
        const many = await trainOverSockets(job(), { folder, heard: () => undefined });
        assert.deepEqual(bytes(many), bytes(one), 'sockets and one process end in different bytes');
        // Once more with probes, the clients answering in the other order.
        const again = await trainOverSockets(job(20), {
          folder: join(folder, 'again'),
          heard: () => undefined,
          clientArgs: inOtherOrder(job()),
        });
        assert.deepEqual(
          bytes(again),
          bytes(one),
          'a second run, its clients in another order, ends in different bytes',
        );
        const { gap: gradient } = await walkWithReferee(job(), [ROUNDS]);
        assert.ok(gradient < 1e-6, `the gradient differs by ${gradient} from the fused model’s`);
        const trunk = await trunkGapAfter(job(), 10);
        assert.ok(trunk < 1e-6, `the trunk differs by ${trunk} from the fused model’s after 10 rounds`);
        return `${one.trunk.sha256.slice(0, 12)}, gradient within ${gradient.toExponential(1)}, trunk within ${trunk.toExponential(1)}`;
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}
