import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, type Child } from '../simulate/child.ts';
import type { Reading } from './gauge.ts';

const PATIENCE_MS = 10_000;

/** What a child needs to be started with, so that its gauge can be read. */
export const gaugeOf = (file: string) => ({
  node: ['--expose-gc', '--import', join(ROOT, 'test/dist/wire/gauge.js')],
  env: { TRUNKLINE_GAUGE: file },
});

/** What the process holds now, after a collection, and how late it was since the reading before. */
export async function readGauge({ process }: Pick<Child, 'process'>, file: string): Promise<Reading> {
  const before = readings(file).length;
  process.kill('SIGUSR2');
  const patience = performance.now() + PATIENCE_MS;
  while (readings(file).length === before) {
    if (process.exitCode !== null || process.signalCode !== null || performance.now() > patience)
      throw new Error('the process gives no reading');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return readings(file).at(-1)!;
}

const readings = (file: string): Reading[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Reading)
    : [];
