import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { inOtherOrder } from './equivalence/other-order.ts';
import { trunkGapAfter, walkWithReferee, type Walked } from './equivalence/referee.ts';
import { ROOT } from './simulate/child.ts';
import { readJob, type Job } from './simulate/job.ts';
import type { Joint } from './simulate/joint.ts';
import { trainOverSockets } from './simulate/sockets.ts';

const ROUNDS = 300;
/** Of rows, and of a second run whose clients answer in another order; `npm run test:full -- exactness` takes all 300. */
const ROUNDS_OF_ROWS = 20;
const ROUNDS_AGAIN = 30;
const folder = mkdtempSync(join(tmpdir(), 'trunkline-equivalence-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cases = [
  // Adam divides by √v + ε. Where a gradient entry is no larger than float32 rounding, ε decides how far two orders of summation
  // drift apart in the first steps; 1e-6 instead of 1e-7 keeps that below the bound for every initial trunk.
  {
    example: 'drug-discovery',
    rule: 'Adam',
    optimizer: 'optimizer={ adam: { learningRate: 0.001, epsilon: 0.000001 } }',
    batches: [],
  },
  {
    example: 'hospitals',
    rule: 'momentum',
    optimizer: 'optimizer={ momentum: { learningRate: 0.01, momentum: 0.9 } }',
    // Convolutions over a quarter of the rows; the full cross has whole batches.
    batches: ['xray', 'ultrasound', 'blood'],
  },
];

/** A client file of an example with batches of 8 in place of 32. */
function withSmallBatches(example: string, client: string): string {
  const text = readFileSync(join(example, `${client}.yaml`), 'utf8');
  const changed = text.replace('batchSize: 32', 'batchSize: 8').replace('file: data/', `file: ${example}/data/`);
  expect(changed.length).toBe(text.length - 1 + example.length + 1);
  writeFileSync(join(folder, `${client}.yaml`), changed);
  return join(folder, `${client}.yaml`);
}

describe.each(cases)('$example with $rule', ({ example, optimizer, batches }) => {
  const file = join(ROOT, 'examples', example, 'run.yaml');
  const small = batches.map((client) => withSmallBatches(join(ROOT, 'examples', example), client));
  const clients = small.length > 0 ? [`clients=${JSON.stringify(small)}`] : [];
  const job = (rounds: number, ...more: string[]) =>
    readJob(file, [
      ...[optimizer, ...clients, `rounds=${rounds}`, `evaluateEvery=${rounds}`, 'checkpointEvery=1000', ...more],
    ]);
  const bytesOf = ({ trunk, digests }: Joint) => ({ sha256: trunk.sha256, digests });
  let walked: Promise<Walked> | undefined;
  /** The training in one process, with the referee beside it. */
  const walk = () => (walked ??= walkWithReferee(job(ROUNDS, 'probeEvery=0'), [ROUNDS_AGAIN, ROUNDS]));
  let n = 0;
  const sockets = (one: Job, clientArgs: (client: string) => readonly string[] = () => []) =>
    trainOverSockets(one, { folder: join(folder, `${example}-${n++}`), heard: () => undefined, clientArgs });

  it('gives the bytes of one process over sockets, twice, in any order of arrival, with probes or without', async () => {
    const { after } = await walk();
    expect(Object.keys(after.get(ROUNDS)!.digests).length).toBeGreaterThan(2);
    expect(bytesOf(await sockets(job(ROUNDS, 'probeEvery=0')))).toEqual(after.get(ROUNDS));
    const again = job(ROUNDS_AGAIN, 'probeEvery=10');
    expect(bytesOf(await sockets(again, inOtherOrder(again)))).toEqual(after.get(ROUNDS_AGAIN));
  }, 900_000);

  it('has the gradient of one fused-autograd model within 1e-6, at each of 300 rounds', async () => {
    expect((await walk()).gap).toBeLessThan(1e-6);
  });

  it('has its trunk within 1e-6 of the fused model’s after 10 rounds', async () => {
    expect(await trunkGapAfter(job(10, 'probeEvery=0'), 10)).toBeLessThan(1e-6);
  });

  it('keeps both bounds when rows are exchanged instead of sums', async () => {
    const { gap } = await walkWithReferee(job(ROUNDS_OF_ROWS, 'exchange=rows', 'probeEvery=0'), [ROUNDS_OF_ROWS]);
    expect(gap).toBeLessThan(1e-6);
    expect(await trunkGapAfter(job(10, 'exchange=rows', 'probeEvery=0'), 10)).toBeLessThan(1e-6);
  });
});
