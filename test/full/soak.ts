import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBackend } from '@trunkline/model/backend';
import { writeSmallRun } from '../bad-input/small-run.ts';
import { rehearse } from '../simulate/in-process.ts';
import { readJob } from '../simulate/job.ts';
import { soakRun } from '../wire/soak-run.ts';
import type { Sweep } from './sweep.ts';

const ROUNDS = 10_000;
const EVERY = 1_000;
/** Code is still compiled and pools are filled in the first of them. */
const SETTLED = 2_000;
const MOST_A_THOUSAND = 1_000_000;

const MODES: Readonly<Record<string, string>> = {
  sync: '',
  'local steps, with a journal': 'mode: { local: { steps: 2 } }\n',
  'buffered, with a journal': 'mode: { buffered: { size: 2 } }\n',
};

/** What a long run holds: nothing grows with its rounds. */
export const soak: Sweep = {
  name: 'soak',
  summary: `${ROUNDS.toLocaleString('en')} rounds: a coordinator's resident memory grows by less than 1 MB a thousand, descriptors, timers and a client's tensors not at all`,
  steps: () => [
    ...Object.entries(MODES).map(([name, more]) => ({ name: `coordinator, ${name}`, run: () => coordinator(more) })),
    { name: 'two learners', run: learners },
  ],
};

async function coordinator(mode: string): Promise<string> {
  const at = Array.from({ length: (ROUNDS - SETTLED) / EVERY + 1 }, (_, i) => SETTLED + i * EVERY);
  const { readings, code } = await soakRun({ at, more: `checkpointEvery: 500\n${mode}` });
  assert.equal(code, 0);
  const of = (name: 'rss' | 'heapUsed' | 'external' | 'descriptors' | 'timers') => readings.map((one) => one[name]);
  const slope = slopeOf(at, of('rss')) * 1_000;
  assert.ok(slope < MOST_A_THOUSAND, `resident memory grows by ${Math.round(slope)} bytes in a thousand rounds`);
  const [descriptors, timers] = [of('descriptors'), of('timers')];
  assert.equal(new Set(descriptors).size, 1, `descriptors: ${descriptors.join(', ')}`);
  // A timer of a message that is being answered may stand; one that stays would be there thousands of times.
  assert.ok(Math.max(...timers) - timers[0]! < 3, `timers: ${timers.join(', ')}`);
  const heap = slopeOf(at, of('heapUsed')) * 1_000;
  assert.ok(heap < MOST_A_THOUSAND, `the heap grows by ${Math.round(heap)} bytes in a thousand rounds`);
  return `${kilobytes(slope)} KB resident and ${kilobytes(heap)} KB of heap in a thousand rounds, ${descriptors[0]} descriptors, ${timers[0]} timers`;
}

async function learners(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-soak-'));
  try {
    const job = readJob(writeSmallRun(join(folder, 'small')), [`rounds=${ROUNDS}`]);
    const { tf } = await openBackend({ device: 'auto', threads: job.threads });
    const rehearsal = await rehearse(job);
    const at: number[] = [];
    const resident: number[] = [];
    const tensors: number[] = [];
    while (rehearsal.keeper.version < ROUNDS) {
      rehearsal.keeper.advance(await rehearsal.answers(await rehearsal.round()));
      const { version } = rehearsal.keeper;
      if (version < SETTLED || version % EVERY > 0) continue;
      at.push(version);
      resident.push(process.memoryUsage().rss);
      tensors.push(tf.memory().numTensors);
      await new Promise((turn) => setImmediate(turn));
    }
    rehearsal.dispose();
    const slope = slopeOf(at, resident) * 1_000;
    assert.equal(new Set(tensors).size, 1, `tensors: ${tensors.join(', ')}`);
    assert.ok(tensors[0]! > 0, 'no tensor was counted');
    assert.ok(slope < MOST_A_THOUSAND, `resident memory grows by ${Math.round(slope)} bytes in a thousand rounds`);
    return `${kilobytes(slope)} KB resident in a thousand rounds, ${tensors[0]} tensors throughout`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const kilobytes = (bytes: number): string => (bytes / 1_000).toFixed(0);

/** Least squares: what `y` grows by for each unit of `x`. */
function slopeOf(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const across = x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0);
  return across / x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
}
