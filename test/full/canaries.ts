import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { searchModel } from '../privacy/search-models.ts';
import type { Sweep } from './sweep.ts';

const [STEPS, EACH] = [20, 50];

/** A thousand random models, each watched through a whole run. */
export const canaries: Sweep = {
  name: 'canaries',
  summary: `${(STEPS * EACH).toLocaleString('en')} random models: no head, adapter, label or row in anything that was sent, kept, said or refused`,
  steps: () =>
    Array.from({ length: STEPS }, (_, i) => ({
      name: `models ${i * EACH + 1} to ${(i + 1) * EACH}`,
      run: () => searched(i * EACH + 1),
    })),
};

async function searched(first: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-canaries-'));
  let bytes = 0;
  try {
    for (let seed = first; seed < first + EACH; seed++) {
      const { leaks, evidence } = await searchModel(join(folder, 'model'), seed);
      if (leaks.length > 0) throw new Error(`seed ${seed}: ${JSON.stringify(leaks.slice(0, 3))}`);
      for (const found of evidence.values()) bytes += found.byteLength;
    }
    return `${(bytes / 1e6).toFixed(1)} MB searched, nothing found`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
