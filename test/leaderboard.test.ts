import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conflictsOf } from '@trunkline/coordinator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { strategies } from '@trunkline/model/aggregation';
import { ALONE, folderDigest, keyOf, type FinishedCell } from './leaderboard/cells.ts';
import { conflictRate } from './leaderboard/conflict-rate.ts';
import { dataSets } from './leaderboard/data-sets.ts';
import { writeDocument } from './leaderboard/document.ts';
import { planCells, TEN, type PlannedCell } from './leaderboard/plan.ts';
import { fillCells } from './leaderboard/schedule.ts';
import { summarize } from './leaderboard/summary.ts';
import { leaderboardText } from './leaderboard/table.ts';
import type { Trained } from './leaderboard/train.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'trunkline-leaderboard-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const trained = (value: number, metric = 'accuracy'): Trained => ({
  scores: [{ task: 'a', client: 'c', metric, value }],
  conflictRate: 0.25,
  seconds: 1,
  rounds: 2,
  backend: 'Backend: cpu',
});
const cellOf = (method: string, seed = 1, key = 'k'): PlannedCell => ({
  dataSet: 'd',
  method,
  seed,
  key,
  run: 'run.yaml',
});
const finished = (method: string, seed: number, value: number, metric?: string): FinishedCell => ({
  ...cellOf(method, seed),
  ...trained(value, metric),
  date: '2026-01-02',
});
const quiet = { overrides: [], hours: 1, say: () => undefined, lanes: 2 };

describe('the cache of cells', () => {
  it('trains a finished cell never again, and one whose key changed', async () => {
    const asked: string[] = [];
    const fill = (cells: PlannedCell[]) =>
      fillCells(cells, {
        ...quiet,
        cache: folder,
        train: async ({ method, key }) => {
          asked.push(`${method} ${key}`);
          return trained(0.5);
        },
      });
    await fill([cellOf('mean'), cellOf('mgda')]);
    const again = await fill([cellOf('mean'), cellOf('mgda'), cellOf('upgrad')]);
    expect(asked).toEqual(['mean k', 'mgda k', 'upgrad k']);
    expect(again.finished.map(({ method }) => method)).toEqual(['mean', 'mgda', 'upgrad']);
    await fill([cellOf('mean', 1, 'other'), cellOf('mgda')]);
    expect(asked.slice(3)).toEqual(['mean other']);
  });

  it('keeps what was finished when a later training fails, and goes on with what is left', async () => {
    const cells = [cellOf('mean'), cellOf('mgda'), cellOf('upgrad')];
    const run = async (broken: string) => {
      const asked: string[] = [];
      const train = async ({ method }: PlannedCell) => {
        asked.push(method);
        if (method === broken) throw new Error('no memory');
        return trained(0.5);
      };
      return { asked, ...(await fillCells(cells, { ...quiet, cache: folder, train, lanes: 1 })) };
    };
    const first = await run('mgda');
    expect(first.failed.map(({ cell }) => cell.method)).toEqual(['mgda']);
    expect((await run('none')).asked).toEqual(['mgda']);
  });

  it('begins nothing after its hours, and says what is left', async () => {
    const days = [0, 0.4, 1.2].map((hours) => new Date(hours * 3_600_000));
    let calls = 0;
    const said: string[] = [];
    const cells = ['mean', 'mgda', 'upgrad'].map((method) => cellOf(method));
    const { left, finished: done } = await fillCells(cells, {
      ...quiet,
      cache: folder,
      lanes: 1,
      say: (text) => said.push(text),
      train: async () => trained(0.5),
      now: () => days[Math.min(calls++, 2)]!,
    });
    expect([done.length, left.length]).toEqual([1, 2]);
    expect(said).toEqual(['3 cells, 0 from the cache, 3 to train', 'd mean seed 1: 1 s; 2 left']);
  });

  it('reads a damaged cell as none', async () => {
    mkdirSync(join(folder, 'cells', 'd'), { recursive: true });
    writeFileSync(join(folder, 'cells', 'd', 'mean-1.json'), '{"key": "k", "sco');
    let asked = 0;
    const train = async () => (asked++, trained(0.5));
    await fillCells([cellOf('mean')], { ...quiet, cache: folder, train });
    expect(asked).toBe(1);
  });
});

describe('the key of a cell', () => {
  const of = { digest: 'x', overrides: ['rounds=3'], method: 'mean', seed: 1 };

  it.each([{ digest: 'y' }, { overrides: [] }, { method: 'mgda' }, { seed: 2 }])('changes with %o', (change) => {
    expect(keyOf({ ...of, ...change })).not.toBe(keyOf(of));
  });

  it('is of what a training reads: not of where it lies, not of notes beside it', () => {
    const there = join(folder, 'a');
    mkdirSync(there);
    writeFileSync(join(there, 'run.yaml'), 'rounds: 3\n');
    const before = folderDigest(there);
    writeFileSync(join(there, 'README.md'), 'a note');
    const moved = join(folder, 'b');
    renameSync(there, moved);
    expect(folderDigest(moved)).toBe(before);
    writeFileSync(join(moved, 'run.yaml'), 'rounds: 4\n');
    expect(folderDigest(moved)).not.toBe(before);
  });
});

describe('what is planned', () => {
  const labs = dataSets.find(({ name }) => name === 'labs')!;

  it('trains alone once a seed, before the methods', () => {
    const { cells } = planCells({
      cache: folder,
      chosen: [{ dataSet: labs }],
      seeds: 2,
      overrides: [],
      data: undefined,
    });
    expect(cells.map(({ method }) => method)).toEqual([ALONE, ...TEN, ALONE, ...TEN]);
    expect(new Set(cells.map(({ key }) => key)).size).toBe(22);
  });

  it('goes through all data sets with one seed before the next', () => {
    const hospitals = dataSets.find(({ name }) => name === 'hospitals')!;
    const chosen = [labs, hospitals].map((dataSet) => ({ dataSet, methods: ['mean'] }));
    const { cells } = planCells({ cache: folder, chosen, seeds: 2, overrides: [], data: undefined });
    const order = cells.filter(({ method }) => method === ALONE).map(({ dataSet, seed }) => `${dataSet} ${seed}`);
    expect(order).toEqual(['labs 1', 'hospitals 1', 'labs 2', 'hospitals 2']);
  });

  it('leaves out what must be built without the data folder, and says so', () => {
    const dataSet = dataSets.find(({ name }) => name === 'permuted')!;
    const plan = planCells({ cache: folder, chosen: [{ dataSet }], seeds: 1, overrides: [], data: undefined });
    expect(plan).toEqual({ cells: [], skipped: [expect.stringMatching(/^permuted: TRUNKLINE_DATA is not set/)] });
  });

  it('takes every method that there is, whatever it wants of clients, and refuses an unknown one', () => {
    const plan = (method: string) =>
      planCells({
        cache: folder,
        chosen: [{ dataSet: labs, methods: [method] }],
        seeds: 1,
        overrides: [],
        data: undefined,
      });
    for (const method of Object.keys(strategies)) {
      const { cells, skipped } = plan(method);
      expect(skipped).toEqual([]);
      expect(cells.map((cell) => cell.method)).toEqual([ALONE, method]);
    }
    expect(() => plan('mgta')).toThrow(/There is no method mgta/);
  });
});

describe('conflict rate', () => {
  const row = (id: string, ...values: number[]) => ({ id, lambda: 1, loss: 0, values: Float32Array.from(values) });

  it('is the share of pairs that point against each other, over all rounds', () => {
    // Angles: (x, y) 90°, (x, −x) 180°, (y, −x) 90°; then (x, x) 0°, (x, (−1, 2)) obtuse twice.
    const first = conflictsOf([row('x', 1, 0), row('y', 0, 1), row('-x', -2, 0)]);
    const second = conflictsOf([row('x', 1, 0), row('y', 3, 0), row('-x', -1, 2)]);
    expect(conflictRate([first])).toBeCloseTo(1 / 3, 12);
    expect(conflictRate([first, second])).toBeCloseTo(3 / 6, 12);
  });

  it('leaves out pairs with a zero gradient, and is undefined without a pair', () => {
    const zero = conflictsOf([row('x', 1, 0), row('zero', 0, 0), row('-x', -1, 0)]);
    expect(conflictRate([zero])).toBe(1);
    expect(conflictRate([conflictsOf([row('x', 1, 0)])])).toBeNull();
  });
});

describe('the table', () => {
  it('shows gains as positive where higher is better and where lower is better', () => {
    const higher = summarize([finished(ALONE, 1, 0.5), finished('mean', 1, 0.6), finished('mgda', 1, 0.4)]);
    const lower = summarize([
      finished(ALONE, 1, 2, 'rmse'),
      finished('mean', 1, 1, 'rmse'),
      finished('mgda', 1, 3, 'rmse'),
    ]);
    const gains = (board: typeof higher) => board[0]!.methods.map(({ method, deltaM }) => [method, deltaM?.mean]);
    expect(gains(higher)).toEqual([
      [ALONE, undefined],
      ['mean', expect.closeTo(20, 9)],
      ['mgda', expect.closeTo(-20, 9)],
    ]);
    expect(gains(lower)).toEqual([
      [ALONE, undefined],
      ['mean', expect.closeTo(50, 9)],
      ['mgda', expect.closeTo(-50, 9)],
    ]);
    const text = leaderboardText({ dataSets: lower, left: {}, skipped: [] });
    expect(text).toMatch(/mean +\+50\.00 +1 of 1/);
    expect(text).toMatch(/mgda +−50\.00 +0 of 1/);
    expect(text).toContain('positive = better together');
  });

  it('compares seed by seed and gives the sample standard deviation', () => {
    const [board] = summarize([
      finished(ALONE, 1, 0.5),
      finished(ALONE, 2, 0.8),
      finished('mean', 1, 0.6),
      finished('mean', 2, 0.8),
    ]);
    // Gains +20 % and 0 %: mean 10, deviation √200.
    const gain = board!.methods[1]!.deltaM!;
    expect(gain.mean).toBeCloseTo(10, 9);
    expect(gain.sd).toBeCloseTo(Math.sqrt(200), 9);
    expect(leaderboardText({ dataSets: [board!], left: {}, skipped: [] })).toContain(
      'mean minus alone, mean test accuracy: +5.00 points (seeds 1, 2)',
    );
  });

  it('gives no Δm where a seed lacks its alone, and says which methods have fewer seeds', () => {
    const [board] = summarize([finished(ALONE, 1, 0.5), finished('mean', 1, 0.6), finished('mean', 2, 0.7)]);
    expect(board!.methods.find(({ method }) => method === 'mean')!.deltaM).toBeNull();
    const text = leaderboardText({ dataSets: [board!], left: { d: 3, other: 1 }, skipped: [] });
    expect(text).toContain('fewer seeds: alone 1');
    expect(text).toContain('trainings left: d 3, other 1; call again');
  });

  it('writes the same figures as a page, with day and versions', () => {
    const dataSetBoards = summarize([finished(ALONE, 1, 0.5), finished('mean', 1, 0.6)]);
    const file = join(folder, 'docs', 'board.md');
    writeDocument(file, { dataSets: dataSetBoards, left: {}, skipped: [] }, new Date('2026-01-03'));
    const page = readFileSync(file, 'utf8');
    expect(page).toMatch(/^\| mean +\| +\+20\.00 \| +1 of 1 \| +0\.6000 \| +25 % \| +1 \| +0\.600 \|$/m);
    expect(page).toContain('2026-01-03');
    expect(page).toContain(`Node ${process.versions.node}`);
  });
});
