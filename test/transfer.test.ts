import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileDisk } from '@trunkline/model/disk';
import { writeModel } from '@trunkline/model/export';
import { decodeSafetensors } from '@trunkline/model/store';
import { buildTrunk, initialTrunk } from '@trunkline/model/trunk';
import { writeSmallRun } from './bad-input/small-run.ts';
import { start, tellAll, type Command, type Told } from './bad-input/told.ts';

const LIMIT = 120_000;
const page = readFileSync(join(import.meta.dirname, '../docs/guide/transfer-and-augment.md'), 'utf8');
/** The commands of the page, as a reader copies them. */
const lines = [...page.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block]) => block!.trim().split('\n'));
const [, trunkKey] = /```yaml\n(trunk:.*?)```/s.exec(page)!;

let folder: string;
let told: Told[];
const stateHome = process.env['XDG_STATE_HOME'];
const at = (name: string) => join(folder, name);
const trunk = buildTrunk({ input: [4], layers: [{ dense: { units: 8, activation: 'relu' } }] }, { at: 'trunk' });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-transfer-'));
  process.env['XDG_STATE_HOME'] = at('home');
  const run = readFileSync(writeSmallRun(folder), 'utf8');
  // No weight is 0: next to a zero the smallest step would show.
  const weights = initialTrunk(trunk, 99).map((value) => value || 0.5);
  const parts = [{ name: 'trunk', stack: trunk, values: weights } as const];
  const model = { name: 'old', parts, scores: null, about: { run: 'old', rounds: '3' } };
  writeModel(fileDisk(), model, { to: at('my-trunk.safetensors'), force: false, saved: new Date(0) });
  // Steps too small for float32: the last trunk is the first.
  const still = run
    .replace(/adam: .*\}/, 'sgd: { learningRate: 1.0e-30 } }')
    .replace(/trunk:.*?(?=optimizer)/s, trunkKey!);
  writeFileSync(at('my-run.yaml'), still);
  writeFileSync(at('my-client.yaml'), readFileSync(at('north.yaml')));
  told = [];
  for (const line of lines) {
    const [npm, go, program, dashes, ...words] = line.split(' ');
    expect([npm, go, dashes]).toEqual(['npm', 'run', '--']);
    const one = await start([program as Command[0], ...words], { cwd: folder }).told;
    expect([line, one.code, one.code === 0 ? '' : one.stderr]).toEqual([line, 0, '']);
    told.push(one);
  }
}, LIMIT);
afterAll(() => {
  if (stateHome === undefined) delete process.env['XDG_STATE_HOME'];
  else process.env['XDG_STATE_HOME'] = stateHome;
  rmSync(folder, { recursive: true, force: true });
});

describe('the guide’s commands, from one trunk to the next', () => {
  it('a run of processes starts from the very trunk of the file, and says so', () => {
    const { tensors } = decodeSafetensors(readFileSync(at('my-next-trunk.safetensors')));
    expect(tensors).toEqual(decodeSafetensors(readFileSync(at('my-trunk.safetensors'))).tensors);
    const manifest = readFileSync(at('runs/small-1/manifest.json'), 'utf8');
    expect((JSON.parse(manifest) as { trunk: object }).trunk).toMatchObject({ from: { seeded: [], unused: [] } });
    expect(readFileSync(at('runs/small-1/events.jsonl'), 'utf8')).toMatch(
      /"started-from","file":"my-trunk\.safetensors"/,
    );
  });

  it('a head learns on a trunk that stays as it is, and predicts what its test score was of', () => {
    const [, , tuned, predicted] = told as [Told, Told, Told, Told];
    const [, score] = /test split, 8 rows: cats accuracy ([\d.]+)/.exec(tuned.stdout)!;
    expect(tuned.stdout).toContain('heads and adapters of round 60 of 60 on a trunk of 40 values, unchanged');
    expect(predicted.stderr).toContain(`task cats: 8 test rows, accuracy ${score}`);
    const losses = [...tuned.stderr.matchAll(/validation split: cats accuracy ([\d.]+)/g)].map(([, value]) =>
      Number(value),
    );
    expect(losses).toHaveLength(20);
    // The label is the first input's sign.
    expect(losses.at(-1)).toBeGreaterThan(0.7);
  });

  it('another result of the name is refused, and so is what is no trunk', { timeout: LIMIT }, async () => {
    const tune = (trunk: string, ...more: string[]): Command => {
      return ['client', 'fine-tune', at('my-client.yaml'), '--trunk', at(trunk), '--rounds', '1', ...more];
    };
    const [again, array] = await tellAll([tune('my-next-trunk.safetensors'), tune('x-train.npy', '--run', 'other')]);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('FILE_EXISTS') as string });
    expect(array).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('x-train.npy: this is not a readable safetensors file') as string,
    });
  });
});
