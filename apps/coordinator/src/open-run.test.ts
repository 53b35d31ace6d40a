import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { parseYaml } from '@trunkline/model/config';
import { fileDisk } from '@trunkline/model/disk';
import { writeSealed } from '@trunkline/model/store';
import { fillRun } from './config.ts';
import { openRun } from './open-run.ts';
import { writeResult } from './result.ts';
import { cutTornLine } from './torn-line.ts';
import { refusal } from './test-refusal.ts';
import { createTrunkStep } from './trunk-step.ts';

const temporary = mkdtempSync(join(tmpdir(), 'trunkline-open-run-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(temporary, 'run-'));
});
const disk = fileDisk();

const text = `
run: one
trunk: { input: [2], layers: [{ dense: { units: 3 } }] }
optimizer: { adam: { learningRate: 0.01 } }
rounds: 100
expect: [x]
`;
const open = (changes: readonly string[] = [], resume = true) =>
  openRun(fillRun(parseYaml(text, 'run.yaml', changes)), {
    disk,
    folder,
    resume,
    durable: true,
    birth: () => 'born',
  });

/** A run with checkpoints of these rounds. */
function trained(...rounds: number[]) {
  const { plan, checkpoints, ledger } = open();
  const keeper = createTrunkStep(plan);
  for (const version of rounds) {
    checkpoints!.save({
      ...keeper.snapshot(),
      version,
      selection: { heard: [], trunk: null },
      streaks: [['a/x', version]],
    });
    ledger.saved(version);
  }
}

const spoil = (name: string) => {
  const path = join(folder, 'checkpoints', name);
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
};

describe('a run folder that is opened again', () => {
  it('goes on from its newest checkpoint, with the rounds without a finite loss', () => {
    trained(0, 50);
    const { from, ledger } = open();
    expect(from!.snapshot.version).toBe(50);
    expect(from!.points).toEqual([
      expect.objectContaining({ round: 0, streaks: [['a/x', 0]] }),
      expect.objectContaining({ round: 50, streaks: [['a/x', 50]] }),
    ]);
    expect([ledger.birth, ledger.attempt]).toEqual(['born', 0]);
  });

  it('is refused where that was not asked for', () => {
    trained(0);
    expect(refusal(() => open([], false))).toMatchObject({ code: 'RUN_FOLDER_EXISTS', exit: 2 });
  });

  it('begins at round 0 where it came to no checkpoint', () => {
    open();
    expect(open().from).toBeUndefined();
  });

  it('is refused with another configuration, every key named', () => {
    trained(0);
    const error = refusal(() =>
      open(['optimizer.adam.learningRate=0.02', 'seed=2', 'trunk.layers=[dense: { units: 4 }]']),
    );
    expect(error).toMatchObject({ code: 'RUN_CONFIG_CHANGED', exit: 2 });
    expect(error.message).toMatch(/seed.*optimizer\.adam\.learningRate|optimizer\.adam\.learningRate.*seed/);
    expect(error.message).toContain('trunk.layers');
  });

  it('may be given more rounds, which do not change how often it is scored, and another place to listen', () => {
    trained(0);
    const { plan } = open(['rounds=1000', 'listen.port=4100']);
    expect([plan.config.rounds, plan.config.evaluateEvery, plan.config.probeEvery]).toEqual([1000, 5, 5]);
    expect(refusal(() => open()).message).toContain('rounds');
  });

  it('falls back to the checkpoint before a damaged one, and says so', () => {
    trained(0, 50, 60);
    spoil('000060.safetensors');
    const { from, damaged } = open();
    expect(from!.snapshot.version).toBe(50);
    expect(damaged.map(({ file }) => file)).toEqual([join(folder, 'checkpoints', '000060.safetensors')]);
    expect(readdirSync(join(folder, 'checkpoints'))).toContain('000060.safetensors.damaged');
    // A client that holds round 60 of this run is no stranger, though no checkpoint of it is left.
    expect(open().ledger.contradicts('a', { round: 60, attempt: 0 }, [0, 50, 60])).toBeNull();
  });

  it('is refused when all its checkpoints are damaged, or gone from under a later attempt', () => {
    trained(0, 50);
    spoil('000000.safetensors');
    spoil('000050.json');
    expect(refusal(() => open())).toMatchObject({ code: 'FOLDER_BROKEN', exit: 51 });
    rmSync(join(folder, 'checkpoints'), { recursive: true });
    open().ledger.begin(1, 50);
    expect(refusal(() => open()).message).toContain('gone');
  });

  it('is refused when a newer release wrote it, or its ledger is damaged', () => {
    trained(0);
    const paths = ['ledger.json', 'ledger.copy.json'].map((name) => join(folder, name));
    const ledger = readFileSync(paths[0]!, 'utf8');
    // By a release whose seal is right.
    for (const path of paths) writeSealed(disk, path, { format: 2 });
    expect(refusal(() => open())).toMatchObject({ code: 'FOLDER_FORMAT', exit: 55 });
    writeFileSync(paths[0]!, ledger);
    writeFileSync(paths[1]!, ledger.replace('"attempt": 0', '"attempt": 1'));
    expect(open().ledger.attempt).toBe(0);
    writeFileSync(paths[0]!, ledger.slice(0, -9));
    expect(refusal(() => open())).toMatchObject({ code: 'FOLDER_BROKEN', exit: 51 });
  });

  it('counts a damaged result for none, sets it aside and says so', () => {
    trained(0, 100);
    writeResult(disk, folder, { run: 'one', rounds: 100, planned: 100, sha256: 'a', seconds: 1, tasks: [] });
    const path = join(folder, 'result.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('100', '900'));
    const { from, damaged } = open();
    expect(from!.result).toBeNull();
    expect(damaged.map(({ file }) => file)).toEqual([path]);
    expect(damaged[0]!.problem).toContain('seal');
    expect(readdirSync(folder)).toContain('result.json.damaged');
  });

  it('is over when it has a result, until it is given more rounds', () => {
    trained(0, 100);
    const result = { run: 'one', rounds: 100, planned: 100, sha256: 'a'.repeat(64), seconds: 1, tasks: [] };
    writeResult(disk, folder, result);
    expect(open().from!.result).toEqual(result);
    expect(open(['rounds=101']).from!.result).toBeNull();
  });
});

describe('the ledger', () => {
  it('tells a client that is ahead of an older backup, in rounds or in attempts, from one that was left behind', () => {
    trained(0, 50, 60);
    const { ledger } = open();
    ledger.begin(1, 50);
    ledger.saved(60);
    const told = open().ledger;
    expect(told.attempt).toBe(1);
    const verdict = (attempt: number, ...holds: number[]) =>
      told.contradicts('a', { round: 61, attempt }, holds)?.code ?? 'fits';
    expect(verdict(0, 50, 60)).toBe('fits');
    expect(verdict(1, 60)).toBe('fits');
    expect(verdict(1, 60, 70)).toBe('RUN_OLDER');
    expect(verdict(0, 70)).toBe('RUN_OLDER');
    expect(verdict(2, 50)).toBe('RUN_OLDER');
    expect(told.contradicts('a', undefined, [])).toBeNull();
  });
});

describe('a file of lines', () => {
  it('loses what a crash left of its last line, and nothing else', () => {
    const path = join(folder, 'events.jsonl');
    writeFileSync(path, '{"a":1}\n');
    expect(cutTornLine(disk, path)).toBe(0);
    appendFileSync(path, '{"b":');
    expect(cutTornLine(disk, path)).toBe(5);
    expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n');
  });
});
