import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exportRun } from './exports/export-run.ts';
import { beyondReach, openInPython, python } from './exports/open-in-python.ts';
import { ROOT } from './simulate/child.ts';

/** Two here; every other example is opened by `npm run test:full -- exports`. */
const LIMIT = 120_000;
const examples = join(ROOT, 'examples');
let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'trunkline-exports-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The hospital of the ultrasound images alone, with an adapter of its own before the convolutional trunk. */
function withAdapter(): string {
  const read = (name: string) => readFileSync(join(examples, 'hospitals', name), 'utf8');
  const adapter =
    '  adapter: [{ reshape: { targetShape: [28, 28, 1] } }, { conv2d: { filters: 1, kernelSize: 3, padding: same, activation: swish } }]\n';
  const client = read('ultrasound.yaml')
    .replace('data/', `${join(examples, 'hospitals', 'data')}/`)
    .replace('  batchSize', `${adapter}  batchSize`);
  const run = read('run.yaml')
    .replace(/expect: .*/, 'expect: [breast]')
    .replace(/^ {2}- (xray|blood)\.yaml\n/gm, '');
  writeFileSync(join(folder, 'ultrasound.yaml'), client);
  writeFileSync(join(folder, 'run.yaml'), run);
  return join(folder, 'run.yaml');
}

it.skipIf(!python)(
  'Keras 3, onnxruntime and safetensors predict within 1e-5 of the client on its test split: students, and ultrasound with a convolutional adapter (skipped without TRUNKLINE_PYTHON)',
  async () => {
    const cases = [...(await exportRun(join(examples, 'students', 'run.yaml'), folder))];
    cases.push(...(await exportRun(withAdapter(), folder)));
    expect(cases.map(({ rows }) => rows.length)).toEqual([2, 2, 2, 2, 3]);
    expect(beyondReach(await openInPython(folder, cases, LIMIT), cases)).toEqual([]);
  },
  LIMIT,
);
