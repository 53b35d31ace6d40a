import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT } from './simulate/child.ts';
import { rehearse, trainInProcess, type Rehearsal } from './simulate/in-process.ts';
import { readJob, type Job } from './simulate/job.ts';
import { bodyOf, sectionsIn } from './results/page.ts';
import { largestGap } from './equivalence/referee.ts';

const folder = join(ROOT, 'examples');
const examples = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'run.yaml')));
const shipped = examples.filter((name) => name !== 'cifar10');
const runs = [...shipped.map((name) => join(name, 'run.yaml')), join('cells', 'two-clients.yaml')];
const scratch = mkdtempSync(join(tmpdir(), 'trunkline-examples-'));
const sections = sectionsIn(readFileSync(join(ROOT, 'docs', 'explain', 'results.md'), 'utf8'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** One thread for all: the native backend is loaded once a process. */
const jobOf = (file: string, overrides: readonly string[]): Job => ({ ...readJob(file, overrides), threads: 1 });
const FEW = ['rounds=4', 'evaluateEvery=4', 'probeEvery=2'];

it('every example of the list is there', () => {
  const expected = 'alphabets cells cifar10 drug-discovery hospitals income students two-hospitals-one-diagnosis'.split(
    ' ',
  );
  expect(examples).toEqual(expect.arrayContaining(expected));
});

describe.each(examples)('%s', (name) => {
  const file = (path: string) => join(folder, name, path);

  it('has a page that says how to run it, and shows what docs/explain/results.md says came out', () => {
    const page = readFileSync(file('README.md'), 'utf8');
    expect(page).toContain(`npm run simulate -- examples/${name}/run.yaml`);
    const section = sections.get(name);
    if (section) expect(page).toContain(bodyOf(section));
  });

  it('says where its data come from', (context) => {
    context.skip(name === 'cifar10', 'ships no data');
    expect(readFileSync(file('data/ATTRIBUTION.md'), 'utf8')).toMatch(/licen[cs]e|US government data|CC BY/i);
  });
});

it('no file of data is over 2 MB, but for the hospitals’', () => {
  const large = shipped
    .filter((name) => name !== 'hospitals')
    .flatMap((name) => readdirSync(join(folder, name, 'data')).map((file) => join(folder, name, 'data', file)))
    .filter((file) => statSync(file).size > 2e6);
  expect(large).toEqual([]);
});

describe.each(runs)('%s', (path) => {
  it('trains a few rounds, and scores every task with a number', async () => {
    const job = jobOf(join(folder, path), FEW);
    const { scores, trunk } = await trainInProcess(job);
    expect(trunk.parameters).toBeGreaterThan(0);
    expect(scores).toHaveLength(job.clients.flatMap(({ config }) => config.tasks).length);
    for (const { task, loss, metrics } of scores) {
      expect(loss, task).toBeTypeOf('number');
      expect(Object.values(metrics).every(Number.isFinite), `${task}: ${JSON.stringify(metrics)}`).toBe(true);
    }
  });
});

describe('cifar10', () => {
  it('runs on a folder of the original layout, after its preparation', async (context) => {
    const data = process.env['TRUNKLINE_DATA'];
    context.skip(!data, 'TRUNKLINE_DATA is not set');
    const copy = join(scratch, 'cifar10');
    cpSync(join(folder, 'cifar10'), copy, { recursive: true, filter: (path) => !path.endsWith('data') });
    execFileSync(process.execPath, [join(copy, 'prepare.mjs'), join(data!, 'cifar10')], { stdio: 'pipe' });
    const { scores } = await trainInProcess(jobOf(join(copy, 'run.yaml'), FEW));
    expect(scores.map(({ task }) => task)).toEqual(['box', 'photo']);
    expect(scores.every(({ loss }) => Number.isFinite(loss))).toBe(true);
  });

  it('says what is missing before it is prepared', async () => {
    const copy = join(scratch, 'bare');
    cpSync(join(folder, 'cifar10'), copy, { recursive: true, filter: (path) => !path.endsWith('data') });
    const run = trainInProcess(jobOf(join(copy, 'run.yaml'), FEW));
    await expect(run).rejects.toMatchObject({ code: 'DATA_FILE_MISSING', exit: 2 });
  });
});

interface Heads {
  readonly heads: Record<string, unknown>;
}

/** Puts trunk and heads of one training into the other. */
function copyState(from: Rehearsal, to: Rehearsal): void {
  const heads = Object.assign({}, ...from.seats.map(({ learner }) => (learner.snapshot() as Heads).heads)) as object;
  for (const { learner } of to.seats) learner.restore({ ...(learner.snapshot() as Heads), heads });
  to.keeper.restore(from.keeper.snapshot());
}

const sumOf = async (rehearsal: Rehearsal): Promise<Float64Array> => {
  const answers = await rehearsal.answers(await rehearsal.round());
  if (answers.exchange !== 'sum' || !answers.sum) throw new Error('expected a sum');
  return answers.sum;
};

describe('cells: heads in one client and heads in two', () => {
  const open = (name: string) => rehearse(jobOf(join(folder, 'cells', name), ['probeEvery=0']));

  it('give gradients within 1e-6 of each other at each round, from the same trunk and heads', async () => {
    const [one, two] = [await open('run.yaml'), await open('two-clients.yaml')];
    let worst = 0;
    for (let round = 0; round < 20; round++) {
      copyState(one, two);
      const [ours, theirs] = [await sumOf(one), await sumOf(two)].map((sum) => Float32Array.from(sum));
      const largest = ours!.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largest).toBeGreaterThan(0);
      worst = Math.max(worst, largestGap(ours!, theirs!) / largest);
      one.keeper.advance({ exchange: 'sum', sum: Float64Array.from(ours!), tasks: 2 });
    }
    expect(worst).toBeLessThan(1e-6);
    one.dispose();
    two.dispose();
  });

  it('have trunks within 1e-5 of each other after 10 rounds, each on its own', async () => {
    const [one, two] = [await open('run.yaml'), await open('two-clients.yaml')];
    for (const rehearsal of [one, two])
      for (let round = 0; round < 10; round++)
        rehearsal.keeper.advance(await rehearsal.answers(await rehearsal.round()));
    expect(largestGap(one.keeper.theta, two.keeper.theta)).toBeLessThan(1e-5);
    expect(one.keeper.version).toBe(10);
    one.dispose();
    two.dispose();
  });
});

/**
 * What reference-runs/cells.py gave, an independent program of the same model in PyTorch 2, over ten seeds: the least and the
 * greatest. The mean of our seeds must lie between them.
 */
const PYTORCH = { accuracy: [0.6542, 0.7954], iou: [0.341, 0.529] } as const;

/** One seed, which takes as long as a minute on a slow machine; `TRUNKLINE_FULL=1` takes three. */
const SEEDS = process.env['TRUNKLINE_FULL'] ? [1, 2, 3] : [1];

it(`cells: accuracy and IoU over ${SEEDS.length === 1 ? 'one seed' : 'three seeds'} lie within the seeds’ spread of a PyTorch program`, async () => {
  const found = { accuracy: 0, iou: 0 };
  for (const seed of SEEDS) {
    const { scores } = await trainInProcess(
      jobOf(join(folder, 'cells', 'run.yaml'), [`seed=${seed}`, 'evaluateEvery=320', 'probeEvery=0']),
    );
    for (const { metrics } of scores)
      for (const name of ['accuracy', 'iou'] as const) found[name] += (metrics[name] ?? 0) / SEEDS.length;
  }
  for (const name of ['accuracy', 'iou'] as const) {
    expect(found[name], name).toBeGreaterThan(PYTORCH[name][0]);
    expect(found[name], name).toBeLessThan(PYTORCH[name][1]);
  }
});
