import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent } from '@trunkline/coordinator';
import { examine, reportText } from '@trunkline/model/doctor';
import { fail, floatsOf, errorText, toTrunklineError } from '@trunkline/protocol';
import { median } from '../bench/benchmark.ts';
import { ROOT, runChild } from '../simulate/child.ts';
import { readJob } from '../simulate/job.ts';
import { trainOverSockets } from '../simulate/sockets.ts';

/**
 * What only a machine with a GPU can show: the doctor names it, the examples train on it with one process a client, gradients equal the
 * CPU's, and how long a step takes on either. Without a GPU it says so and ends with 0.
 */
const ROUNDS = 200;
const WARM_UP = 50;
/** Largest difference of a gradient's entry, relative to its largest entry. */
const TOLERANCE = 1e-4;
const EXAMPLES = { 'drug-discovery': 'lab-a.yaml', hospitals: 'xray.yaml' };

type Device = 'gpu' | 'cpu';
const scratch = mkdtempSync(join(tmpdir(), 'trunkline-gpu-'));
const say = (text: string) => void process.stdout.write(`${text}\n`);
try {
  const report = await examine();
  if (report.backend?.device !== 'gpu') {
    const driver = report.gpuDriver ? 'a driver is loaded, but the library uses the CPU' : 'no NVIDIA driver is loaded';
    say(`test:gpu: skipped, this machine has no usable GPU: ${driver}.`);
  } else {
    say(reportText(report));
    for (const [example, client] of Object.entries(EXAMPLES)) await compare(example, client);
    say('test:gpu: passed');
  }
} catch (thrown) {
  const error = toTrunklineError(thrown);
  process.stderr.write(errorText(error));
  process.exitCode = error.exit;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function compare(example: string, client: string): Promise<void> {
  const [gpu, cpu] = [await gradients(example, client, 'gpu'), await gradients(example, client, 'cpu')];
  const largest = cpu.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const gap = cpu.reduce((most, value, i) => Math.max(most, Math.abs(value - gpu[i]!)), 0) / largest;
  say(`${example}: gradients of ${client} differ from the CPU's by ${gap.toExponential(1)} of the largest entry`);
  if (!(gap < TOLERANCE)) throw wrong(`${example}: a gradient differs by ${gap}, more than ${TOLERANCE}`);
  const [onGpu, onCpu] = [await train(example, 'gpu'), await train(example, 'cpu')];
  say(
    `${example}: a step of the slowest client takes ${onGpu.toFixed(1)} ms on the GPU, ${onCpu.toFixed(1)} ms on the CPU`,
  );
}

async function gradients(example: string, client: string, device: Device): Promise<Float32Array> {
  const out = join(scratch, `${example}-${device}.f32`);
  const folder = join(ROOT, 'examples', example);
  const call = { run: join(folder, 'run.yaml'), client: join(folder, client), device, rounds: 3, out };
  const child = runChild({
    entry: 'test/dist/gpu/gradient.js',
    args: [JSON.stringify(call)],
    log: join(scratch, `${example}-${device}.log`),
    heard: () => undefined,
  });
  await child.exited;
  try {
    return floatsOf(readFileSync(out));
  } catch (cause) {
    throw wrong(`${example}: no gradient on the ${device}: ${child.lastWords()}`, cause);
  }
}

/** All clients at once on one device; the median over rounds of the slowest client's step, in ms. */
async function train(example: string, device: Device): Promise<number> {
  const folder = join(scratch, `${example}-${device}`);
  cpSync(join(ROOT, 'examples', example), folder, { recursive: true });
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.yaml') && file !== 'run.yaml'))
    writeFileSync(join(folder, name), `device: ${device}\n${readFileSync(join(folder, name), 'utf8')}`);
  const events: RunEvent[] = [];
  const job = readJob(join(folder, 'run.yaml'), [`rounds=${ROUNDS}`, `evaluateEvery=${ROUNDS}`, 'probeEvery=0']);
  await trainOverSockets(job, { folder: join(folder, 'run'), heard: (event) => void events.push(event) });
  const backends = events.flatMap((event) => (event.event === 'joined' ? [event.backend] : []));
  const other = backends.find((backend) => !backend.includes(device));
  if (other !== undefined) throw wrong(`${example}: a client was to use the ${device}, and used ${other}`);
  const rounds = events.flatMap((event) => (event.event === 'round' ? [event] : [])).slice(WARM_UP);
  return median(rounds.map(({ clients }) => Math.max(...Object.values(clients).map(({ stepMs }) => stepMs))));
}

function wrong(what: string, cause?: unknown): Error {
  return fail('UNEXPECTED', { what }, cause);
}
