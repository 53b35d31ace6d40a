import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail } from '@trunkline/protocol';
import { exportRun } from '../exports/export-run.ts';
import { beyondReach, furthest, openInPython, python } from '../exports/open-in-python.ts';
import { ROOT } from '../simulate/child.ts';
import type { Sweep, SweepStep } from './sweep.ts';

const EXAMPLES = join(ROOT, 'examples');
const LIMIT = 10 * 60_000;

/** The data of cifar10 are the user's: TRUNKLINE_DATA says where they lie. */
const data = process.env['TRUNKLINE_DATA'];

const step = (example: string): SweepStep => ({
  name: example,
  async run() {
    if (!python) {
      throw fail('USAGE', {
        what: 'This sweep needs a Python with the libraries of .ci/python.txt.',
        remedy: 'Set TRUNKLINE_PYTHON to it; `bash .ci/tools` makes one.',
      });
    }
    const folder = mkdtempSync(join(tmpdir(), 'trunkline-exports-'));
    try {
      const cases = await exportRun(join(prepared(example, folder), 'run.yaml'), folder);
      const gaps = await openInPython(folder, cases, LIMIT);
      assert.deepEqual(beyondReach(gaps, cases), []);
      return `${cases.length} tasks, at the most ${furthest(gaps).toExponential(1)} apart`;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});

function prepared(example: string, folder: string): string {
  const own = join(EXAMPLES, example);
  if (example !== 'cifar10') return own;
  const copy = join(folder, example);
  cpSync(own, copy, { recursive: true, filter: (path) => !path.endsWith('data') });
  execFileSync(process.execPath, [join(copy, 'prepare.mjs'), join(data!, example)], { stdio: 'pipe' });
  return copy;
}

/** Every example's exported models, opened by the libraries that made their formats. */
export const exports: Sweep = {
  name: 'exports',
  summary:
    'each task of each example as .keras, .onnx and .safetensors, opened in Python: within 1e-5 of `client predict`',
  steps: () =>
    readdirSync(EXAMPLES)
      .filter((name) => existsSync(join(EXAMPLES, name, 'run.yaml')) && (name !== 'cifar10' || data !== undefined))
      .map(step),
};
