import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { backendEnvironment, openBackend } from './backend.ts';
import { instructionSet } from './instruction-set.ts';
import { hasNvidiaDriver } from './nvidia-driver.ts';
import { trainOneStep, type Probe } from './probe.ts';
import { nativePackage } from './setup-record.ts';

const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const node = (args: string[], env: Record<string, string> = {}) =>
  promisify(execFile)(process.execPath, ['--conditions=@trunkline/source', '--import', loader, ...args], {
    env: { ...process.env, ...env },
    timeout: 60_000,
  });
const probe = fileURLToPath(new URL('./probe.ts', import.meta.url));
const hasNative = existsSync(join(nativePackage() ?? '', 'lib/napi-v8/tfjs_binding.node'));
const hasDriver = hasNvidiaDriver();

afterEach(() => vi.unstubAllEnvs());

describe.skipIf(!hasNative)('native backend (skipped where set-up could not provide it)', () => {
  it('trains to the same bytes in two processes, and writes nothing else to stdout', async () => {
    const [first, second] = await Promise.all([node([probe, 'cpu']), node([probe, 'cpu'])]);
    const result = JSON.parse(first.stdout) as Probe;
    expect(result.library).toMatch(/^TensorFlow \d+\.\d+\.\d+$/);
    expect(result.sha256).toHaveLength(64);
    expect(second.stdout).toBe(first.stdout);
  });

  it('holds as many tensors after a step as before', async () => {
    const backend = await openBackend({ device: 'cpu', threads: 1 });
    expect([backend.name, backend.threads]).toEqual(['native', 1]);
    trainOneStep(backend);
    const before = backend.tf.memory().numTensors;
    trainOneStep(backend);
    expect(backend.tf.memory().numTensors).toBe(before);
  });

  it('refuses a second thread count in one process, since the library reads it once', async () => {
    await openBackend({ device: 'cpu', threads: 1 });
    await expect(openBackend({ device: 'cpu', threads: 2, only: 'native' })).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
    });
  });

  it.each([
    ['opens in a worker when the main thread has set the environment', true, /^native 3/],
    ['refuses a worker when the main thread has not', false, /TF_NUM_INTRAOP_THREADS must be 3/],
  ])('%s', async (_claim, prepared, expected) => {
    const backend = JSON.stringify(new URL('./backend.ts', import.meta.url).href);
    // On Node 20 what `--import` registers does not reach a worker.
    const worker = `import('tsx/esm/api').then(({ register }) => (register(), import(${backend}))).then(async ({ openBackend }) => {
      const { name, threads } = await openBackend({ device: 'cpu', threads: 3, only: 'native' });
      console.log(name, threads);
    }).catch((error) => console.log(error.message))`;
    const main = `import { Worker } from 'node:worker_threads';
      import { backendEnvironment } from ${backend};
      if (${prepared}) Object.assign(process.env, backendEnvironment({ device: 'cpu', threads: 3 }));
      new Worker(${JSON.stringify(worker)}, { eval: true });`;
    const { stdout } = await node(['--input-type=module', '-e', main], {
      TF_NUM_INTRAOP_THREADS: '7',
    });
    expect(stdout).toMatch(expected);
  });

  it.skipIf(hasDriver)('says that the GPU that was asked for is absent', async () => {
    await expect(openBackend({ device: 'gpu' })).rejects.toMatchObject({ code: 'GPU_ABSENT', exit: 2 });
  });
});

describe('other backends', () => {
  it('wasm trains a dense layer and refuses a convolutional model', async () => {
    const backend = await openBackend({ device: 'auto', only: 'wasm' });
    expect([backend.name, backend.device, backend.threads]).toEqual(['wasm', 'cpu', 1]);
    trainOneStep(backend);
    const before = backend.tf.memory().numTensors;
    trainOneStep(backend);
    expect(backend.tf.memory().numTensors).toBe(before);
    await expect(openBackend({ device: 'auto', only: 'wasm', convolutional: true })).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
    });
  });

  it('cpu trains a convolution to the loss that the native library gives', async () => {
    const backend = await openBackend({ device: 'cpu', only: 'cpu' });
    const { losses } = trainOneStep(backend);
    // TensorFlow 2.21.0 (C library, CPU) on the same numbers.
    expect(losses[0]).toBeCloseTo(0.032648, 5);
    expect(losses[1]).toBeCloseTo(0.032597, 5);
  });

  it('are chosen by the model where the native one is off: wasm for dense layers, cpu for convolutions', async () => {
    vi.stubEnv('TRUNKLINE_NATIVE', 'off');
    const dense = await openBackend({ device: 'auto' });
    const convolutional = await openBackend({ device: 'auto', convolutional: true });
    expect([dense.name, convolutional.name]).toEqual(['wasm', 'cpu']);
    expect(convolutional.line).toMatch(/^Backend: cpu .*no native: switched off.*no wasm: it has no gradient/);
  });

  it('never stand in for a GPU', async () => {
    vi.stubEnv('TRUNKLINE_NATIVE', 'off');
    await expect(openBackend({ device: 'gpu' })).rejects.toMatchObject({ code: 'GPU_ABSENT' });
  });
});

it('hides the GPU from the library only when the CPU is asked for', () => {
  expect(backendEnvironment({ device: 'cpu', threads: 2 })).toMatchObject({ CUDA_VISIBLE_DEVICES: '-1' });
  expect(backendEnvironment({ device: 'auto', threads: 2 })).not.toHaveProperty('CUDA_VISIBLE_DEVICES');
});

it.skipIf(process.platform !== 'linux')('names the instruction sets in order, each once', () => {
  const names = instructionSet().split(' ');
  expect(names).not.toContain('');
  expect(names).toEqual([...new Set(names)].sort());
});
