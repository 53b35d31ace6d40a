import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { fail, toTrunklineError } from '@trunkline/protocol';
import type { Tf } from './layer/layer.ts';
import { hasNvidiaDriver } from './nvidia-driver.ts';
import { nativePackage, readSetupRecord } from './setup-record.ts';

export { instructionSet } from './instruction-set.ts';

export type BackendName = 'native' | 'wasm' | 'cpu';

/** What computes: the tfjs module to hand on, and what a manifest says of it. */
export interface Backend {
  readonly tf: Tf;
  readonly name: BackendName;
  /** `TensorFlow 2.21.0`, as the library itself says, or `tfjs 4.22.0`. */
  readonly library: string;
  readonly device: 'gpu' | 'cpu';
  /** Threads of one operation; 1 for wasm and cpu. */
  readonly threads: number;
  /** One line to say at the start. */
  readonly line: string;
}

export interface BackendOptions {
  readonly device: 'auto' | 'gpu' | 'cpu';
  /** Threads of one operation; all cores when left out. */
  readonly threads?: number;
  /** The model has layers whose gradient wasm does not have: convolutions and embeddings. */
  readonly convolutional?: boolean;
  /** This backend or none. */
  readonly only?: BackendName;
  /** Where the device was asked for, for errors. */
  readonly at?: string;
}

const require = createRequire(import.meta.url);
const ORDER: readonly BackendName[] = ['native', 'wasm', 'cpu'];

/**
 * The environment under which libtensorflow must be loaded. It reads these once, when it loads, from the environment of the
 * process: **the main thread must set them on `process.env` before it starts the thread that trains** (or before it loads
 * the backend itself). A worker's `process.env` is a copy, and what is written there never reaches the library (measured on
 * Node 20, 22 and 24), so `openBackend` in a worker refuses to load the library under any other environment. Programs started
 * as child processes can be given them as they are.
 */
export function backendEnvironment(options: Pick<BackendOptions, 'device' | 'threads'>): Record<string, string> {
  return {
    TF_NUM_INTRAOP_THREADS: String(options.threads ?? availableParallelism()),
    TF_NUM_INTEROP_THREADS: '1',
    TF_CPP_MIN_LOG_LEVEL: '3',
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    ...(options.device === 'cpu' ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
  };
}

/**
 * Opens the best backend for this machine and this model: native, else wasm, else cpu. The only place where tfjs is loaded.
 * A process holds one backend at a time, and the native one in one thread only. Nothing is written to stdout.
 *
 * Raises GPU_ABSENT when a GPU is asked for and there is none, BACKEND_FAILED when `only` cannot be had or the library is
 * already loaded with another thread count.
 */
export async function openBackend(options: BackendOptions): Promise<Backend> {
  const reasons: string[] = [];
  for (const name of options.only ? [options.only] : ORDER) {
    const reason = unfit(name, options);
    if (reason === '') {
      try {
        const backend = await openers[name](options);
        return { ...backend, line: `${backend.line}${reasons.length === 0 ? '' : `; ${reasons.join('; ')}`}` };
      } catch (error) {
        const known = toTrunklineError(error);
        if (known.code !== 'UNEXPECTED' || options.only)
          throw known.code === 'UNEXPECTED' ? failed(name, known.message) : known;
        reasons.push(`${name}: ${known.message}`);
        continue;
      }
    }
    if (options.device === 'gpu') throw fail('GPU_ABSENT', { at: options.at ?? 'device', reason });
    if (options.only) throw failed(name, reason);
    reasons.push(`no ${name}: ${reason}`);
  }
  throw failed('cpu', reasons.join('; '));
}

/**
 * Refuses a GPU that was asked for where no driver is loaded, before anything is opened. @throws GPU_ABSENT
 * @param at where the device was asked for
 */
export function requireGpu({ device, at }: Pick<BackendOptions, 'device'> & { at: string }): void {
  if (device === 'gpu' && !hasNvidiaDriver()) throw fail('GPU_ABSENT', { at, reason: NO_DRIVER });
}

const NO_DRIVER = 'no NVIDIA driver is loaded.';
const failed = (backend: string, reason: string) => fail('BACKEND_FAILED', { backend, reason });

/** Why this backend is not to be tried for this model on this machine; empty when it is. */
function unfit(name: BackendName, { device, convolutional }: BackendOptions): string {
  if (name === 'wasm' && convolutional) return 'it has no gradient for convolutions and embeddings';
  if (name !== 'native') return device === 'gpu' ? `the ${name} backend computes on the CPU` : '';
  if (device === 'gpu' && !hasNvidiaDriver()) return NO_DRIVER;
  if (process.env.TRUNKLINE_NATIVE === 'off') return 'switched off by TRUNKLINE_NATIVE';
  const folder = nativePackage();
  if (folder && existsSync(join(folder, 'lib', 'napi-v8', 'tfjs_binding.node'))) return '';
  return readSetupRecord()?.missing ?? 'not set up; run `node setup.mjs`';
}

let nativeThreads: number | undefined;

const openers: Record<BackendName, (options: BackendOptions) => Promise<Backend>> = {
  async native(options) {
    const environment = backendEnvironment(options);
    const threads = Number(environment.TF_NUM_INTRAOP_THREADS);
    if (nativeThreads !== undefined && nativeThreads !== threads) {
      throw failed(
        'native',
        `it is loaded with ${nativeThreads} threads, and ${threads} are asked for in the same process`,
      );
    }
    adoptEnvironment(environment);
    restoreUtil();
    const tf = require('@tensorflow/tfjs-node-gpu') as Tf;
    nativeThreads = threads;
    await use(tf, 'tensorflow');
    const { binding, isUsingGpuDevice } = tf.backend() as unknown as {
      binding: { TF_Version: string };
      isUsingGpuDevice: boolean;
    };
    if (options.device === 'gpu' && !isUsingGpuDevice)
      throw fail('GPU_ABSENT', { at: options.at ?? 'device', reason: gpuReason() });
    const device = isUsingGpuDevice ? 'gpu' : 'cpu';
    const library = `TensorFlow ${binding.TF_Version}`;
    const line = `Backend: native (${library}, on the ${device.toUpperCase()}, ${plural(threads, 'thread')})`;
    return { tf, name: 'native', library, device, threads, line };
  },

  async wasm() {
    const tf = require('@tensorflow/tfjs') as Tf;
    const { setWasmPaths } = require('@tensorflow/tfjs-backend-wasm') as { setWasmPaths: (folder: string) => void };
    if (tf.findBackendFactory('wasm') === null) throw failed('wasm', 'it did not register');
    if (tf.findBackend('wasm') === null) {
      setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/dist/`);
    }
    await use(tf, 'wasm');
    return describeTfjs(tf, 'wasm');
  },

  async cpu() {
    const tf = require('@tensorflow/tfjs') as Tf;
    await use(tf, 'cpu');
    return describeTfjs(tf, 'cpu');
  },
};

function describeTfjs(tf: Tf, name: 'wasm' | 'cpu'): Backend {
  const library = `tfjs ${tf.version_core}`;
  return { tf, name, library, device: 'cpu', threads: 1, line: `Backend: ${name} (${library}, 1 thread)` };
}

async function use(tf: Tf, backend: string): Promise<void> {
  // Production mode: no banner and no per-operation checks for NaN.
  tf.enableProdMode();
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs could not start the backend ${backend}`);
  await tf.ready();
}

/** Sets the library's environment in the main thread; in a worker checks that the main thread has done so. */
function adoptEnvironment(environment: Record<string, string>): void {
  if (isMainThread) {
    Object.assign(process.env, environment);
    return;
  }
  for (const [name, value] of Object.entries(environment)) {
    if (process.env[name] === value) continue;
    throw failed(
      'native',
      `${name} must be ${value} before the training thread starts, and it is ${process.env[name] ?? 'not set'}`,
    );
  }
}

/** The package calls functions of node:util that Node 22 warns of and Node 23 removed (tensorflow/tfjs#8609). */
function restoreUtil(): void {
  const util = require('node:util') as Record<string, unknown>;
  util.isNullOrUndefined = (value: unknown) => value == null;
  util.isArray = Array.isArray;
}

function gpuReason(): string {
  return readSetupRecord()?.route === 'wheel-cpu'
    ? 'the CPU build of TensorFlow is installed.'
    : 'a driver is loaded, but TensorFlow finds no GPU that it can use.';
}

const plural = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
