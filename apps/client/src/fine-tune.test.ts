import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openBackend } from '@trunkline/model/backend';
import type { Tf } from '@trunkline/model/layer';
import { decodeSnapshot } from '@trunkline/model/store';
import { buildTrunk, initialTrunk } from '@trunkline/model/trunk';
import { fineTune, type FineTuning } from './fine-tune.ts';
import { loadTasks } from './load-task.ts';
import { openClient } from './open-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-fine-tune-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let tf: Tf;
let before = 0;
beforeAll(async () => {
  const rows = Array.from(
    { length: 90 },
    (_, i) => `${Math.sin(i)},${Math.cos(i * 2)},${Math.sin(i) > 0 ? 'yes' : 'no'}`,
  );
  writeFileSync(join(folder, 'my.csv'), ['a,b,label', ...rows, ''].join('\n'));
  const task = (rate: string) => `
client: mine
data: { csv: { file: my.csv, targets: [label] }, adapter: [{ dense: { units: 3 } }], split: { train: 0.6 }, batchSize: 16 }
tasks:
  - { id: sign, head: classify, optimizer: { sgd: { learningRate: ${rate} } } }
`;
  writeFileSync(join(folder, 'mine.yaml'), task('0.3'));
  writeFileSync(join(folder, 'wild.yaml'), task('1.0e+30'));
  ({ tf } = await openBackend({ device: 'cpu', threads: 1 }));
  before = tf.memory().numTensors;
});

const trunk = buildTrunk({ input: [3], layers: [{ dense: { units: 4, activation: 'relu' } }] }, { at: 'trunk' });
const tuned = async (change: Partial<FineTuning> = {}, file = 'mine.yaml') => {
  const heard: [round: number, accuracy: number][] = [];
  const theta = initialTrunk(trunk, 3);
  const found = await fineTune({
    ...{ tf, client: 'mine', trunk, theta, version: 7, rounds: 30, seed: 1, evaluateEvery: 3, select: 'last' },
    plans: await loadTasks(await openClient(join(folder, file))),
    scored: (round, [score]) => heard.push([round, score!.metrics['accuracy']!]),
    ...change,
  });
  const state = decodeSnapshot(found.state) as {
    trunk: { version: number; values: Float32Array };
    heads: Record<string, { values: Float32Array }>;
  };
  return { ...found, heard, theta, state };
};

it('trains heads and adapters on a trunk whose bytes stay, the same by the same seed, and frees what it held', async () => {
  const one = await tuned();
  expect([one.theta, one.state.trunk.values]).toEqual([initialTrunk(trunk, 3), initialTrunk(trunk, 3)]);
  expect([one.state.trunk.version, one.kept]).toEqual([7, 30]);
  expect(one.heard.map(([round]) => round)).toEqual([3, 6, 9, 12, 15, 18, 21, 24, 27, 30]);
  expect(one.heard.at(-1)![1]).toBeGreaterThan(one.heard[0]![1]);
  expect((await tuned()).state).toEqual(one.state);
  expect((await tuned({ seed: 2 })).state.heads).not.toEqual(one.state.heads);
  expect(tf.memory().numTensors).toBe(before);
});

it('keeps with select: best the heads of the round with the best validation score, the earliest of equals', async () => {
  const { heard, kept, state } = await tuned({ select: 'best', rounds: 60 });
  const best = Math.max(...heard.map(([, accuracy]) => accuracy));
  expect(kept).toBe(heard.find(([, accuracy]) => accuracy === best)![0]);
  expect(kept).toBeLessThan(60);
  expect(state.heads).toEqual((await tuned({ rounds: kept })).state.heads);
});

it('ends where a loss stays without end, and names the task', async () => {
  await expect(tuned({ rounds: 60 }, 'wild.yaml')).rejects.toMatchObject({ code: 'TASK_DIVERGED', exit: 40 });
  expect(tf.memory().numTensors).toBe(before);
});
