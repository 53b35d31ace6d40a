import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { BackendName } from './backend.ts';
import { instructionSet } from './instruction-set.ts';
import { hasNvidiaDriver } from './nvidia-driver.ts';
import type { Probe } from './probe.ts';
import { readSetupRecord } from './setup-record.ts';

export { instructionSet };

/** How this machine stands for training. Plain data: goes into JSON as it is. */
export interface Report {
  readonly node: string;
  /** Such as `linux x64`. */
  readonly platform: string;
  readonly cores: number;
  readonly instructionSet: string;
  /** The best backend that trained a step just now; null when none did. */
  readonly backend: (Pick<Probe, 'name' | 'library' | 'device' | 'threads'> & { readonly seconds: number }) | null;
  /** Where the native library lies; null without it. */
  readonly folder: string | null;
  /** Whether an NVIDIA driver is loaded. */
  readonly gpuDriver: boolean;
  readonly missing: readonly { readonly what: string; readonly remedy: string }[];
}

const PROBE_LIMIT_MS = 300_000;

/**
 * Examines this machine: each backend in order trains one step in a process of its own, so that a library that crashes is a
 * finding and not the end of the doctor. Takes seconds; raises nothing.
 */
export async function examine(): Promise<Report> {
  const missing: { what: string; remedy: string }[] = [];
  let backend: Report['backend'] = null;
  for (const name of ['native', 'wasm', 'cpu'] as const) {
    const started = performance.now();
    const result = await probe(name);
    if (typeof result !== 'string') {
      const { library, device, threads } = result;
      backend = { name, library, device, threads, seconds: (performance.now() - started) / 1000 };
      break;
    }
    missing.push({ what: `the ${name} backend: ${result}`, remedy: remedyFor(name) });
  }
  const gpuDriver = hasNvidiaDriver();
  if (gpuDriver && backend?.name === 'native' && backend.device === 'cpu') {
    missing.push({
      what: 'the GPU: an NVIDIA driver is loaded, but TensorFlow uses the CPU',
      remedy: 'Run `node setup.mjs --again`; if it stays so, install a driver for CUDA 12 (525 or newer).',
    });
  }
  return {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
    instructionSet: instructionSet(),
    backend,
    folder: backend?.name === 'native' ? (readSetupRecord()?.folder ?? null) : null,
    gpuDriver,
    missing,
  };
}

/** The report as lines of text, each with its line break, for a person. */
export function reportText(report: Report): string {
  const { backend } = report;
  const rows: [string, string][] = [
    ['Node', report.node],
    ['system', `${report.platform}, ${report.cores} cores`],
    ['instruction set', report.instructionSet || 'not told by this system'],
    [
      'backend',
      backend ? `${backend.name} (${backend.library}), trained a step in ${backend.seconds.toFixed(1)} s` : 'none',
    ],
    ['device', backend ? `${backend.device.toUpperCase()}, threads: ${backend.threads}` : 'none'],
    ...(report.folder ? [['library in', report.folder] as [string, string]] : []),
    ['NVIDIA driver', report.gpuDriver ? 'loaded' : 'not loaded'],
  ];
  const lines = rows.map(([name, value]) => `${name.padEnd(16)} ${value}`);
  if (report.missing.length === 0) lines.push('Nothing is missing.');
  for (const { what, remedy } of report.missing) lines.push(`Missing: ${what}`, `         ${remedy}`);
  return `${lines.join('\n')}\n`;
}

/** The probe's answer, or in words why there is none. */
async function probe(name: BackendName): Promise<Probe | string> {
  const source = import.meta.url.endsWith('.ts');
  const file = fileURLToPath(new URL(source ? './probe.ts' : './probe.js', import.meta.url));
  const loader = source
    ? ['--conditions=@trunkline/source', '--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href]
    : [];
  try {
    const run = promisify(execFile)(process.execPath, [...loader, file, 'auto', name], { timeout: PROBE_LIMIT_MS });
    return JSON.parse((await run).stdout) as Probe;
  } catch (error) {
    const { stderr = '', signal, message } = error as Error & { stderr?: string; signal?: string };
    const reason = /Error: (?:The \w+ backend cannot train this model: )?(.*)/.exec(stderr)?.[1];
    return reason ?? (signal ? `its process was ended by ${signal}` : message.split('\n')[0]!);
  }
}

function remedyFor(name: BackendName): string {
  if (name !== 'native') return 'Run `node setup.mjs` to install the JavaScript dependencies again.';
  if (process.env.TRUNKLINE_NATIVE === 'off') return 'Unset TRUNKLINE_NATIVE.';
  const remedy = readSetupRecord()?.remedy;
  return remedy ? `${remedy} Then run \`node setup.mjs\` again.` : 'Run `node setup.mjs`.';
}
