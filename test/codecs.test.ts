import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeSmallRun } from './bad-input/small-run.ts';
import { trainInProcess } from './simulate/in-process.ts';
import { readJob } from './simulate/job.ts';
import type { Joint } from './simulate/joint.ts';
import { trainOverSockets } from './simulate/sockets.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-codecs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Wide enough that the values are most of what crosses the wire, and do not fill the last chunk of int8.
const file = writeSmallRun(join(folder, 'small'), { changes: { 'run.yaml': ['units: 8', 'units: 3000'] } });
const ROUNDS = 6;
const PATIENT = 'mode={ sync: { giveUpAfterMs: 120000 } }';
const job = (...more: string[]) => readJob(file, [`rounds=${ROUNDS}`, `evaluateEvery=${ROUNDS}`, PATIENT, ...more]);
const INT8 = 'codec={ up: int8, down: int8 }';
const RELAY = 'relays={ site: [north.yaml, south.yaml] }';
const overSockets = (name: string, ...more: string[]) =>
  trainOverSockets(job(...more), { folder: join(folder, name), heard: () => undefined });
const endOf = ({ trunk, digests, scores }: Joint) => ({ trunk, digests, scores });

describe('int8 up and down', () => {
  it('over sockets ends in the bytes of one process that writes and reads the same vectors, for a third of the bytes', async () => {
    const [near, exact] = [await trainInProcess(job(INT8)), await trainInProcess(job())];
    const far = await overSockets('direct', INT8);
    expect(endOf(far)).toEqual(endOf(near));
    expect(near.trunk.sha256).not.toBe(exact.trunk.sha256);
    const asFloat32 = ROUNDS * 2 * near.trunk.parameters * 4;
    expect(far.bytes!.up).toBeLessThan(asFloat32 / 3);
  });

  it('stays float32 through a relay, which names no codec', async () => {
    const far = await overSockets('relayed', RELAY, INT8);
    expect(endOf(far)).toEqual(endOf(await trainInProcess(job(RELAY))));
    expect(endOf(far)).toEqual(endOf(await trainInProcess(job(RELAY, INT8))));
  });
});

describe('delta down', () => {
  const DELTA = 'codec={ down: delta }';
  /** Bytes of trunks alone: the first, one a round, to each of two clients. */
  const whole = (parameters: number) => (ROUNDS + 1) * 2 * parameters * 4;

  it('over sockets ends in the bytes of one process that knows no codec, for fewer bytes', async () => {
    const [far, near] = [await overSockets('told', DELTA), await trainInProcess(job())];
    expect(endOf(far)).toEqual(endOf(near));
    expect(endOf(near)).toEqual(endOf(await trainInProcess(job(DELTA))));
    expect(far.bytes!.down).toBeLessThan(whole(near.trunk.parameters) * 0.9);
  });

  it('is a tenth where few values change', async () => {
    const up = 'up: { topk: { fraction: 0.001 } }';
    const SPARSE = 'optimizer={ sgd: { learningRate: 0.1 } }';
    const far = await overSockets('sparse', SPARSE, `codec={ ${up}, down: delta }`);
    expect(endOf(far)).toEqual(endOf(await trainInProcess(job(SPARSE, `codec={ ${up} }`))));
    // The first trunk comes whole.
    const all = whole(far.trunk.parameters);
    const first = all / (ROUNDS + 1);
    expect(far.bytes!.down).toBeLessThan(first + (all - first) / 10);
  });
});
