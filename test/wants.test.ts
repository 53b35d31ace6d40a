import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createTrunkStep, planRun, readRun, type RunEvent } from '@trunkline/coordinator';
import { flatDigest } from '@trunkline/model/layout';
import { ROOT } from './simulate/child.ts';
import { rehearse, trainInProcess } from './simulate/in-process.ts';
import { readJob, type Job } from './simulate/job.ts';
import type { Joint } from './simulate/joint.ts';
import { trainOverSockets } from './simulate/sockets.ts';

const scratch = mkdtempSync(join(tmpdir(), 'trunkline-wants-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const fileOf = (example: string) => join(ROOT, 'examples', example, 'run.yaml');
const job = (example: string, rounds: number, ...more: string[]): Job => ({
  ...readJob(fileOf(example), [`rounds=${rounds}`, `evaluateEvery=${rounds}`, 'probeEvery=0', ...more]),
  threads: 1,
});
const bytesOf = ({ trunk, digests }: Joint) => ({ sha256: trunk.sha256, digests });

let n = 0;
async function overSockets(given: Job): Promise<{ joint: Joint; events: RunEvent[] }> {
  const events: RunEvent[] = [];
  const folder = join(scratch, String(n++));
  const joint = await trainOverSockets(given, { folder, heard: (event) => void events.push(event) });
  return { joint, events };
}

describe('losses after the step', () => {
  it('reach famo, which learns from them: the same bytes over sockets and in one process', async () => {
    const given = job('students', 12, 'strategy=famo');
    const { joint, events } = await overSockets(given);
    expect(bytesOf(joint)).toEqual(bytesOf(await trainInProcess(given)));
    // w_k L_k ∝ z_k: equal until the first losses after a step are known, and learned from then on.
    const spreads = events.flatMap((event) => {
      if (event.event !== 'round') return [];
      const shares = Object.entries(event.weights!).map(([task, weight]) => weight * event.losses[task]!);
      return [Math.max(...shares) / Math.min(...shares) - 1];
    });
    expect(spreads[0]).toBeLessThan(1e-9);
    expect(Math.min(...spreads.slice(1))).toBeGreaterThan(1e-4);
  });

  it('are those of the batch of the round before, on the new trunk and with the head as it then stands', async () => {
    const rehearsal = await rehearse(job('students', 3, 'strategy=famo', 'weights={}'));
    const first = await rehearsal.round();
    rehearsal.keeper.advance(await rehearsal.answers(first));
    const second = await rehearsal.round();
    for (const [client, { losses }] of Object.entries(second)) {
      for (const { task, after } of losses) {
        const before = first[client]!.losses.find((loss) => loss.task === task)!;
        expect(before.after).toBeUndefined();
        // One small step later the same batch loses a little less.
        expect(after).toBeLessThan(before.loss);
        expect(after).toBeGreaterThan(0.9 * before.loss);
      }
    }
    rehearsal.dispose();
  });

  it('are refused where there is no step that all clients share', () => {
    const plan = () => planRun(readRun(fileOf('students'), ['strategy=famo', 'mode={ buffered: { size: 1 } }']));
    expect(plan).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', exit: 2 }) as Error);
  });
});

describe('rows of further batches', () => {
  it('reach sdmgrad from replicas too: the same bytes over sockets and in one process', async () => {
    const given = job('two-hospitals-one-diagnosis', 4, 'strategy=sdmgrad');
    const { joint } = await overSockets(given);
    expect(bytesOf(joint)).toEqual(bytesOf(await trainInProcess(given)));
  });

  it('make another trunk than the round’s own rows in their place, and leave heads and adapters as they are', async () => {
    const given = job('students', 3, 'strategy=sdmgrad');
    const asked = await rehearse(given);
    const plain = await rehearse(job('students', 3, 'strategy=pcgrad'));
    const answers = await asked.answers(await asked.round());
    await plain.round();
    const headsOf = ({ seats }: typeof asked) => seats.map(({ learner }) => learner.digests());
    expect(headsOf(asked)).toEqual(headsOf(plain));
    const rows = answers.exchange === 'rows' ? answers.rows : [];
    expect(rows.map(({ extra }) => extra?.map((values) => values?.length))).toEqual(
      rows.map(({ values }) => [values.length, values.length]),
    );
    const trunkFrom = (given: typeof rows) => {
      const keeper = createTrunkStep(asked.plan);
      keeper.advance({ exchange: 'rows', rows: given });
      return flatDigest(keeper.theta);
    };
    const own = rows.map(({ extra: _, ...row }) => ({ ...row, extra: [row.values, row.values] }));
    expect(trunkFrom(rows)).not.toBe(trunkFrom(own));
    asked.dispose();
    plain.dispose();
  });

  it('are multiplied by λ as rows are', async () => {
    const asked = await rehearse(job('students', 3, 'strategy=sdmgrad', 'weights={}'));
    const answers = await asked.answers(await asked.round());
    const rows = answers.exchange === 'rows' ? answers.rows : [];
    const half = (values: Float32Array) => values.map((value) => value / 2);
    const moved = (scaled: typeof rows) => {
      const keeper = createTrunkStep(asked.plan);
      keeper.advance({ exchange: 'rows', rows: scaled });
      return flatDigest(keeper.theta);
    };
    const byLambda = rows.map((row) => ({ ...row, lambda: 0.5 }));
    const byHand = rows.map((row) => ({
      ...row,
      values: half(row.values),
      extra: row.extra!.map((values) => half(values!)),
    }));
    expect(moved(byLambda)).toBe(moved(byHand));
    asked.dispose();
  });

  it('of a batch without a label set the task aside: its row does not move the trunk', async () => {
    const asked = await rehearse(job('students', 3, 'strategy=sdmgrad'));
    const answers = await asked.answers(await asked.round());
    const rows = answers.exchange === 'rows' ? answers.rows : [];
    const moved = (given: typeof rows) => {
      const keeper = createTrunkStep(asked.plan);
      keeper.advance({ exchange: 'rows', rows: given });
      return flatDigest(keeper.theta);
    };
    const [first, ...others] = rows as [(typeof rows)[number], ...typeof rows];
    expect(moved([{ ...first, extra: [first.extra![0], undefined] }, ...others])).toBe(moved(others));
    asked.dispose();
  });
});
