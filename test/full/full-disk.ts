import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail } from '@trunkline/protocol';
import { writeSmallRun } from '../bad-input/small-run.ts';
import { COORDINATOR_FLAGS, runChild, type Child } from '../simulate/child.ts';
import { trainInProcess } from '../simulate/in-process.ts';
import { readJob, type Job } from '../simulate/job.ts';
import type { Sweep, SweepStep } from './sweep.ts';

/** Room for a part of the small run's rounds: too little for all of it. */
const SIZES_KB = [96, 160, 256];
const ROUNDS = 600;
/** Clients that start on a busy machine may take their time. */
const MODES = {
  sync: '{ sync: { giveUpAfterMs: 600000 } }',
  local: '{ local: { steps: 1, giveUpAfterMs: 600000 } }',
};
const PATIENCE_MS = 240_000;

/** A file system that is full for real, not a disk that is made to say so. */
export const fullDisk: Sweep = {
  name: 'full-disk',
  summary:
    'a run folder on a tmpfs that fills up: the run ends with the code of storage, and goes on to the same bytes once there is room',
  steps: () =>
    Object.entries(MODES).flatMap(([mode, value]) => SIZES_KB.map((kilobytes) => step(mode, value, kilobytes))),
};

const mount = (...args: readonly string[]): string | null => {
  const { status, stderr, error } = spawnSync('mount', args, { encoding: 'utf8' });
  return status === 0 ? null : (error?.message ?? stderr.trim());
};

const step = (mode: string, value: string, kilobytes: number): SweepStep => ({
  name: `${mode}, ${kilobytes} KB`,
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'trunkline-full-disk-'));
    const place = join(folder, 'run');
    mkdirSync(place);
    const why = mount('-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', place);
    if (why) {
      rmSync(folder, { recursive: true, force: true });
      return `skipped: ${why}`;
    }
    const children: Child[] = [];
    try {
      const settings = [`rounds=${ROUNDS}`, `evaluateEvery=${ROUNDS / 2}`, 'checkpointEvery=20', 'probeEvery=0'];
      const job = readJob(writeSmallRun(join(folder, 'small')), [...settings, `mode=${value}`]);
      const first = coordinate(job, place, children);
      const url = await first.url;
      for (const client of job.clients) joinRun(client, url, folder, children);
      const clients = children.slice(1);
      const { code } = await within(first.child.exited);
      assert.equal(code, fail('STORAGE_FAILED', { file: '', reason: '' }).exit, first.child.lastWords());
      // They are told why, and end too.
      await within(Promise.all(clients.map(({ exited }) => exited)));
      const grown = mount('-o', 'remount,size=64m', place);
      assert.equal(grown, null);
      const again = coordinate(job, place, children);
      const same = await again.url;
      for (const client of job.clients) joinRun(client, same, folder, children);
      const { code: end } = await within(again.child.exited);
      assert.equal(end, 0, again.child.lastWords());
      assert.equal(again.sha256(), (await trainInProcess(job)).trunk.sha256, 'the trunk differs');
      return `full after ${first.rounds()} rounds, whole after ${ROUNDS}`;
    } finally {
      for (const { process } of children) process.kill('SIGKILL');
      await Promise.all(children.map(({ exited }) => exited));
      spawnSync('umount', [place]);
      rmSync(folder, { recursive: true, force: true });
    }
  },
});

function coordinate(job: Job, place: string, children: Child[]) {
  const lines: Record<string, unknown>[] = [];
  let listening: (url: string) => void = () => undefined;
  const url = new Promise<string>((resolve) => (listening = resolve));
  const child = runChild({
    entry: 'apps/coordinator/dist/main.js',
    node: COORDINATOR_FLAGS,
    args: [
      'start',
      job.file,
      ...job.overrides.flatMap((text) => ['--set', text]),
      '--folder',
      place,
      '--format',
      'jsonl',
    ],
    log: `${place}.log`,
    heard(line) {
      lines.push(line);
      if (line['event'] === 'listening') listening(String(line['url']));
    },
  });
  children.push(child);
  return {
    child,
    url: within(url),
    rounds: () => lines.filter(({ event }) => event === 'round').length,
    sha256: () => lines.findLast(({ event }) => event === 'finished')?.['sha256'],
  };
}

function joinRun({ config, file }: Job['clients'][number], url: string, folder: string, children: Child[]): void {
  const state = ['--yes', '--threads', '1', '--state', join(folder, 'state'), '--format', 'jsonl'];
  const log = join(folder, `${config.client}.log`);
  children.push(
    runChild({ entry: 'apps/client/dist/main.js', args: ['join', url, file, ...state], log, heard: () => undefined }),
  );
}

async function within<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing for ${PATIENCE_MS / 1_000} s`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
