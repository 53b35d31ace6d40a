import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomStream } from '@trunkline/model/random';
import { afterAll, describe, expect, it } from 'vitest';
import { writeNpy } from './leaderboard/build/npy.ts';
import { fillCells } from './leaderboard/schedule.ts';
import { trainTogether } from './leaderboard/train.ts';
import { trainInProcess } from './simulate/in-process.ts';
import { readJob } from './simulate/job.ts';
import { searchTable } from './simulate/search-table.ts';
import { searchWeights } from './simulate/search.ts';
import { successiveHalving } from './simulate/successive-halving.ts';
import { weightCandidates } from './simulate/weight-candidates.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-search-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('successive halving', () => {
  /** A race whose outcome is known from the start; `runs` notes who ran how far. */
  const race = (gains: readonly (number | null)[], runs: string[] = []) =>
    successiveHalving(gains.length, 16, async (candidates, rounds) => {
      runs.push(`${candidates.join(' ')} to ${rounds}`);
      return candidates.map((candidate) => gains[candidate]!);
    });

  it('trains all a little, the better half twice as far, and the first one all the way', async () => {
    const runs: string[] = [];
    const { best, standings } = await race([0, 5, 1, 7, 2, 6, 3, 4], runs);
    expect(runs).toEqual(['0 1 2 3 4 5 6 7 to 4', '0 1 3 5 7 to 8', '0 1 3 5 to 16']);
    expect(best).toBe(3);
    expect(standings[2]).toEqual({ candidate: 2, rounds: 4, gain: 1 });
  });

  it('keeps the earlier of equals, and ranks what cannot be compared last', async () => {
    expect((await race([0, 0, null, 0])).best).toBe(0);
    expect((await race([0, null, -1, null])).best).toBe(0);
    expect((await race([0])).best).toBe(0);
  });
});

describe('weights to try', () => {
  it('begin with all 1 and have a mean of 1', () => {
    const tasks = ['a', 'b', 'c', 'd', 'e'];
    const tried = weightCandidates(tasks, 6, randomStream(1, 'test'));
    expect(tried[0]).toEqual({ a: 1, b: 1, c: 1, d: 1, e: 1 });
    expect(tried).toHaveLength(7);
    for (const weights of tried) {
      expect(Object.values(weights).reduce((sum, value) => sum + value, 0) / 5).toBeCloseTo(1, 2);
      for (const value of Object.values(weights)) expect(value).toBeGreaterThan(0);
    }
    expect(weightCandidates(tasks, 6, randomStream(1, 'test'))).toEqual(tried);
  });

  it('of two tasks are the five ratios of the grid, each once', () => {
    const ratios = weightCandidates(['a', 'b'], undefined, randomStream(1, 'test')).map(({ a, b }) => a! / b!);
    [1, 1 / 16, 1 / 4, 4, 16].forEach((ratio) =>
      expect(ratios.filter((found) => Math.abs(found / ratio - 1) < 0.02)).toHaveLength(1),
    );
    expect(ratios).toHaveLength(5);
  });
});

/** A task that can be learned beside one that is nothing but loud noise, through a trunk too narrow for both. */
function plant(): string {
  const random = randomStream(1, 'planted');
  const rows = 120;
  const inputs = Float32Array.from({ length: rows * 4 }, () => random.normal());
  const targets = {
    signal: Float32Array.from({ length: rows }, (_, row) => inputs[row * 4]!),
    noise: Float32Array.from({ length: rows }, () => 3 * random.normal()),
  };
  writeNpy(join(folder, 'inputs.npy'), [rows, 4], inputs);
  for (const [client, values] of Object.entries(targets)) {
    writeNpy(join(folder, `${client}.npy`), [rows], values);
    const npy = { inputs: 'inputs.npy', targets: { y: `${client}.npy` } };
    const data = { npy, split: { train: 0.6, validation: 0.2, test: 0.2 }, batchSize: 24 };
    const tasks = [{ id: client, head: { regress: {} }, optimizer: { sgd: { learningRate: 0.03 } } }];
    writeFileSync(join(folder, `${client}.yaml`), JSON.stringify({ client, data, tasks }));
  }
  const trunk = { input: [4], layers: [{ dense: { units: 1 } }] };
  const run = {
    run: 'planted',
    trunk,
    optimizer: { sgd: { learningRate: 0.03 } },
    rounds: 40,
    clients: ['signal.yaml', 'noise.yaml'],
  };
  const file = join(folder, 'run.yaml');
  writeFileSync(file, JSON.stringify({ ...run, weightHeads: false }));
  return file;
}

describe('the search', () => {
  const file = plant();

  it('finds the weights that keep the noise out of the trunk, the same every time, and prints them for the run file', async () => {
    const found = await searchWeights({ file });
    expect(found.candidates).toHaveLength(5);
    expect(found.best['signal']! / found.best['noise']!).toBeGreaterThan(3.9);
    expect(found.gain).toBeGreaterThan(5);
    const { seconds: _, ...again } = await searchWeights({ file });
    expect(found).toMatchObject(again);
    const block = searchTable(found).split('weights:\n')[1]!;
    expect(block).toBe(`  signal: ${found.best['signal']}\n  noise: ${found.best['noise']}\n`);
  });

  it('goes on from where a candidate was halved as if it had never stopped', async () => {
    const whole = await searchWeights({ file, draws: 1 });
    const halved = await searchWeights({ file });
    expect(halved.candidates[0]!.rounds).toBe(40);
    expect(halved.candidates[0]!.scores).toEqual(whole.candidates[0]!.scores);
  });

  it('searches with the baseline where the strategy has no fixed weights', async () => {
    const { strategy } = await searchWeights({ file, overrides: ['strategy=mgda', 'rounds=4'], draws: 1 });
    expect(strategy).toBe('weighted-sum');
  });
});

describe('a search that cannot be', () => {
  it('is refused in another mode than sync, before anything is trained', async () => {
    const search = searchWeights({ file: plant(), overrides: ['mode={local: {steps: 2}}'] });
    await expect(search).rejects.toMatchObject({ code: 'USAGE', exit: 2 });
  });
});

describe('a cell’s training', () => {
  it('in a process of its own gives the same figures', async () => {
    const run = join(folder, 'run.yaml');
    const overrides = ['rounds=6'];
    const cell = { dataSet: 'planted', method: 'upgrad', seed: 2, key: 'k', run };
    const { finished, failed } = await fillCells([cell], { cache: folder, overrides, hours: 1, say: () => undefined });
    expect(failed).toEqual([]);
    const here = await trainTogether(run, [...overrides, 'seed=2', 'strategy=upgrad']);
    expect(finished[0]!.scores).toEqual(here.scores);
  });

  it.each(['weighted-sum', 'upgrad'])('with %s gives what the simulation gives, probes or not', async (strategy) => {
    const set = [`strategy=${strategy}`, 'rounds=6', 'probeEvery=2', 'evaluateEvery=1', 'select=best'];
    const file = join(folder, 'run.yaml');
    const { scores, conflictRate } = await trainTogether(file, set);
    const joint = await trainInProcess(readJob(file, set));
    expect(scores.map(({ value }) => value)).toEqual(joint.scores.map(({ metrics }) => metrics['rmse']));
    expect(conflictRate).toBeGreaterThanOrEqual(0);
    expect(conflictRate).toBeLessThanOrEqual(1);
  });
});
