import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { parseYaml } from '@trunkline/model/config';
import { fileDisk } from '@trunkline/model/disk';
import { writeModel } from '@trunkline/model/export';
import { buildTrunk, initialTrunk } from '@trunkline/model/trunk';
import { fillRun, readRun } from './config.ts';
import { firstTrunk } from './first-trunk.ts';
import { openRun } from './open-run.ts';
import { planRun } from './plan.ts';
import { writeManifest } from './run-folder.ts';
import { refusal } from './test-refusal.ts';
import { createTrunkStep } from './trunk-step.ts';

const temporary = mkdtempSync(join(tmpdir(), 'trunkline-first-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(temporary, 'run-'));
  mkdirSync(join(folder, 'one'));
  exported('old.safetensors', 9);
});
const disk = fileDisk();
const old = buildTrunk({ input: [2], layers: [{ dense: { units: 3 } }] }, { at: 'trunk' });

/** As `coordinator export` writes it. */
function exported(name: string, seed: number): void {
  const parts = [{ name: 'trunk', stack: old, values: initialTrunk(old, seed) } as const];
  const model = { name: 'one', parts, scores: null, about: {} };
  writeModel(disk, model, { to: join(folder, name), force: true, saved: new Date(0) });
}

const text = (from: string) => `
run: one
trunk: { input: [2], layers: [{ dense: { units: 3 } }], from: ${from} }
rounds: 10
expect: [x]
`;
/** Relative names are those of the folder. */
const configOf = (from: string) => fillRun({ ...parseYaml(text(from), 'run.yaml'), folder });
const open = (from: string) =>
  openRun(configOf(from), { disk, folder: join(folder, 'one'), resume: true, durable: true, birth: () => 'born' });

describe('a trunk that starts from a file', () => {
  it.each(['old.keras', 'old.onnx', 'old-tfjs'])('is the same, and has the same digest, from %s', (name) => {
    exported(name, 9);
    const [one, other] = ['old.safetensors', name].map((from) => planRun(configOf(from)));
    expect(firstTrunk(other!)).toEqual(firstTrunk(one!));
    expect(other!.start!.sha256).toBe(one!.start!.sha256);
  });

  it('is refused in a form that only a client’s export has, with what to do', () => {
    const parts = (['trunk', 'head'] as const).map((part) => ({
      name: part,
      stack: old,
      values: initialTrunk(old, 9),
    }));
    const head = { ...parts[1]!, stack: buildTrunk({ input: [3], layers: [{ dense: { units: 3 } }] }, { at: 'head' }) };
    const values = initialTrunk(head.stack, 1);
    const model = { name: 'one', parts: [parts[0]!, { ...head, values }], scores: null, about: {} };
    writeModel(disk, model, { to: join(folder, 'whole.keras'), force: true, saved: new Date(0) });
    const refused = refusal(() => planRun(configOf('whole.keras')));
    expect(refused.message).toContain('export that as .safetensors, or the trunk by `coordinator export`');
  });

  it('is the exported one, bit for bit, in the run and alone', () => {
    const plan = planRun(configOf('old.safetensors'));
    expect(firstTrunk(plan)).toEqual(initialTrunk(old, 9));
    expect(createTrunkStep(plan).theta).toEqual(initialTrunk(old, 9));
    expect(firstTrunk({ ...plan, start: undefined })).toEqual(initialTrunk(old, 1));
  });

  it('is refused where its file is missing, another than was named by digest, or of other layers', () => {
    const refused = (from: string) => refusal(() => planRun(configOf(from)));
    expect(refused('new.safetensors')).toMatchObject({ code: 'DATA_FILE_MISSING', exit: 2 });
    expect(refused(`{ file: old.safetensors, sha256: '${'0'.repeat(64)}' }`).message).toMatch(
      /run\.yaml:3:\d+: trunk\.from\.sha256: old\.safetensors has the SHA-256 [0-9a-f]{64}; expected 0{64}/,
    );
    const wider = fillRun({
      ...parseYaml(text('old.safetensors').replace('units: 3', 'units: 4'), 'run.yaml'),
      folder,
    });
    expect(refusal(() => planRun(wider)).message).toMatch(/`0-dense\/kernel` has shape \[2, 3\] there, \[2, 4\] here/);
  });
});

describe('the folder of a run that starts from a file', () => {
  it('names its digest in the manifest, and keeps a copy from which the run can be planned again', () => {
    const { plan } = open('old.safetensors');
    writeManifest(disk, join(folder, 'one'), plan, {});
    const { trunk } = JSON.parse(readFileSync(join(folder, 'one/manifest.json'), 'utf8')) as { trunk: object };
    expect(trunk).toMatchObject({ from: { sha256: plan.start!.sha256, seeded: [], unused: [] } });
    rmSync(join(folder, 'old.safetensors'));
    const again = planRun(readRun(join(folder, 'one/config.yaml')));
    expect(firstTrunk(again)).toEqual(initialTrunk(old, 9));
  });

  it('goes on with the same bytes at another place; a changed file is a changed configuration', () => {
    open('old.safetensors');
    writeFileSync(join(folder, 'moved.safetensors'), readFileSync(join(folder, 'old.safetensors')));
    expect(open('moved.safetensors').from).toBeUndefined();
    exported('old.safetensors', 8);
    const error = refusal(() => open('old.safetensors'));
    expect(error).toMatchObject({ code: 'RUN_CONFIG_CHANGED', exit: 2 });
    expect(error.message).toContain('trunk.from.sha256');
    expect(refusal(() => open('{ file: moved.safetensors, partial: true }')).message).toContain('trunk.from.partial');
  });
});
