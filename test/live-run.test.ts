import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readClient, startClient, type ClientEvent } from '@trunkline/client';
import { readRun, startCoordinator, type RunEvent } from '@trunkline/coordinator';
import { writeSmallRun } from './bad-input/small-run.ts';
import { COORDINATOR_FLAGS, ROOT, runChild } from './simulate/child.ts';
import { SMALL_TRUNK } from './simulate/small-trunk.ts';

const temporary = mkdtempSync(join(tmpdir(), 'trunkline-live-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const runFile = join(ROOT, 'examples/drug-discovery/run.yaml');
const lab = join(ROOT, 'examples/drug-discovery/lab-a.yaml');
const tasks = ['nr-ar', 'nr-er', 'sr-atad5'];

let started = 0;
/** A coordinator and one lab in this process: the lab's training thread is the only one that loads the native backend. */
const start = (overrides: string[], on: (event: RunEvent) => void = () => undefined) =>
  startPair({ run: runFile, client: lab, set: [SMALL_TRUNK, `expect=${JSON.stringify(tasks)}`, ...overrides] }, on);

interface Pair {
  readonly run: string;
  readonly client: string;
  readonly set: readonly string[];
}

async function startPair({ run, client: file, set }: Pair, on: (event: RunEvent) => void) {
  const folder = join(temporary, String(started++));
  const heard: ClientEvent[] = [];
  const coordinator = await startCoordinator(readRun(run, set), { folder, sinks: [on] });
  const client = await startClient(readClient(file), {
    url: coordinator.url,
    threads: 1,
    state: join(folder, 'state'),
    emit: (event) => heard.push(event),
    agree: () => Promise.resolve(true),
  });
  return { coordinator, client, heard, folder };
}

describe('a live run', () => {
  it('keeps tensors constant, and heap and array buffers flat, over 1,000 rounds', async () => {
    const samples: { round: number; memory: Promise<{ tensors: number; heapUsed: number; arrayBuffers: number }> }[] =
      [];
    const set = ['expect=[cats]', 'rounds=1001', 'evaluateEvery=500', 'probeEvery=100', 'checkpointEvery=100'];
    const small = join(temporary, 'small');
    const pair = { run: writeSmallRun(small), client: join(small, 'north.yaml'), set };
    const { coordinator, client } = await startPair(pair, (event) => {
      if (event.event === 'round' && event.round % 100 === 0)
        samples.push({ round: event.round, memory: client.memory() });
    });
    expect((await coordinator.done).kind).toBe('finished');
    await client.done;
    await coordinator.close();
    const memory = await Promise.all(samples.map((sample) => sample.memory));
    expect(memory).toHaveLength(11);
    expect(new Set(memory.map(({ tensors }) => tensors)).size).toBe(1);
    // Buffers on their way out, or found dead but not yet swept, only add to a sample: the least of five is what is held.
    const growth = (of: (sample: (typeof memory)[number]) => number) =>
      Math.min(...memory.slice(6).map(of)) - Math.min(...memory.slice(1, 6).map(of));
    expect(growth(({ heapUsed }) => heapUsed)).toBeLessThan(1e6);
    expect(growth(({ arrayBuffers }) => arrayBuffers)).toBeLessThan(1e6);
  });

  it('goes back to a checkpoint in the middle, and ends in the bytes of a run that did not', async () => {
    const settings = ['rounds=40', 'checkpointEvery=10', 'evaluateEvery=40', 'probeEvery=0'];
    const digests = (heard: readonly ClientEvent[]) => heard.findLast((event) => event.event === 'scores')?.digests;
    const straight = await start(settings);
    const expected = await straight.coordinator.done;
    await straight.client.done;
    await straight.coordinator.close();

    let rewound = 0;
    const winding = await start(settings, (event) => {
      if (event.event !== 'round' || event.round !== 27 || event.attempt !== 0) return;
      setImmediate(() => winding.coordinator.rewind(20));
      rewound++;
    });
    const outcome = await winding.coordinator.done;
    await winding.client.done;
    await winding.coordinator.close();
    expect(rewound).toBe(1);
    expect(winding.heard.filter((event) => event.event === 'rewound')).toEqual([
      { event: 'rewound', round: 20, attempt: 1 },
    ]);
    expect(outcome.kind === 'finished' && outcome.sha256).toBe(expected.kind === 'finished' && expected.sha256);
    expect(digests(winding.heard)).toEqual(digests(straight.heard));
  });

  it('asks a client whose line broke again, and ends in the same bytes', async () => {
    const settings = ['rounds=30', 'evaluateEvery=30', 'probeEvery=0'];
    const straight = await start(settings);
    const expected = await straight.coordinator.done;
    await straight.client.done;
    await straight.coordinator.close();

    const broken = await start(settings, (event) => {
      if (event.event === 'round' && (event.round === 9 || event.round === 19)) broken.coordinator.dropLines();
    });
    const outcome = await broken.coordinator.done;
    await broken.client.done;
    await broken.coordinator.close();
    expect(broken.heard.filter((event) => event.event === 'lost').length).toBeGreaterThanOrEqual(2);
    expect(outcome.kind === 'finished' && outcome.sha256).toBe(expected.kind === 'finished' && expected.sha256);
  });
});

describe('the coordinator process', () => {
  /** A run of one lab with both programs as processes. @returns what the coordinator's process was shortly before the end */
  async function run(name: string, rounds: number, env: NodeJS.ProcessEnv = {}) {
    const folder = join(temporary, name);
    let maps = '';
    let resident = 0;
    let client: ReturnType<typeof runChild> | undefined;
    const set = [`expect=${JSON.stringify(tasks)}`, `rounds=${rounds}`].flatMap((text) => ['--set', text]);
    const coordinator = runChild({
      entry: 'apps/coordinator/dist/main.js',
      node: COORDINATOR_FLAGS,
      args: ['start', runFile, ...set, '--folder', folder, '--format', 'jsonl'],
      log: join(temporary, `${name}-coordinator.log`),
      env,
      heard(line) {
        if (line['event'] === 'listening') {
          const args = ['join', String(line['url']), lab, '--yes', '--threads', '1', '--state', join(folder, 'state')];
          client = runChild({
            entry: 'apps/client/dist/main.js',
            args,
            log: join(temporary, `${name}-client.log`),
            heard: () => undefined,
          });
        }
        if (line['event'] === 'round' && line['round'] === rounds - 2) {
          const { pid } = coordinator.process;
          maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
          resident = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
        }
      },
    });
    expect((await coordinator.exited).code).toBe(0);
    expect((await client!.exited).code).toBe(0);
    return { maps, resident };
  }

  it('stays under 150 MB resident, and maps no native library', async () => {
    const { maps, resident } = await run('process', 200);
    expect(maps).toContain('node');
    expect(maps).not.toMatch(/tensorflow|tfjs/i);
    expect(resident).toBeLessThan(150);
  });

  it('loads no tfjs and nothing that trains', async () => {
    // Node writes the address of every script that it loaded there. It costs memory, so that the run above goes without. A built script names
    // the modules that it holds, each in a comment before its code.
    const coverage = join(temporary, 'coverage');
    await run('scripts', 5, { NODE_V8_COVERAGE: coverage });
    const scripts = readdirSync(coverage).flatMap((name) =>
      (JSON.parse(readFileSync(join(coverage, name), 'utf8')) as { result: { url: string }[] }).result.map(
        ({ url }) => url,
      ),
    );
    const modules = scripts.flatMap((url) =>
      url.startsWith('file:') ? [...readFileSync(new URL(url), 'utf8').matchAll(/^\/\/ (\S+\.[cm]?[jt]s)$/gm)] : [],
    );
    const loaded = [...scripts, ...modules.map(([, module]) => module!)];
    expect(loaded).toContain('apps/coordinator/src/core.ts');
    expect(loaded.filter((name) => /@tensorflow|node_modules\/.*tfjs|trainer|learner\//.test(name))).toEqual([]);
  });
});
