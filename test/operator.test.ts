import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OperatorView } from '@trunkline/coordinator';
import { writeSmallRun, type Changes } from './bad-input/small-run.ts';
import { start, tellAll, type Command, type Running } from './bad-input/told.ts';

/** One live run whose clients go wrong one after the other, in processes and over sockets of their own; and what its operator is told. */
const LIMIT = 120_000;
let folder: string;
let url: string;
/** The page of /metrics, before the run was stopped. */
let metrics = '';
let coordinator: Running;
const running: Running[] = [];
const clients: Record<string, Running> = {};

const begin = (...command: Command): Running => {
  const one = start(command);
  running.push(one);
  return one;
};
const files = (name: string, changes: Changes = {}): string => {
  writeSmallRun(join(folder, name), { changes });
  return join(folder, name);
};
const joinRun = (file: string, ...more: string[]): Running =>
  begin('client', 'join', url, file, '--yes', '--threads', '1', '--state', join(folder, 'state'), ...more);

/** `coordinator COMMAND`, in the folder of all runs. */
const ask = async (...args: string[]) =>
  (await tellAll([['coordinator', ...args, '--runs', join(folder, 'runs')]]))[0]!;
async function status(): Promise<OperatorView> {
  const { stdout } = await ask('status', '--format', 'json');
  return (JSON.parse(stdout) as { data: OperatorView }).data;
}
/** Looks again until it is so, fifteen times at the most. */
async function until(holds: (view: OperatorView) => boolean): Promise<OperatorView> {
  for (let tries = 0; ; tries++) {
    const view = await status();
    if (holds(view) || tries === 15) return view;
  }
}
const problemOf = ({ problems }: OperatorView, who: string) => problems.find((problem) => problem.who === who);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-operator-'));
  const fine = files('fine');
  const rules = [
    'mode={"sync":{"deadlineMs":1500}}',
    'rounds=100000',
    'evaluateEvery=50',
    'output={"tensorboard":true,"csv":true}',
  ];
  coordinator = begin(
    'coordinator',
    'start',
    join(fine, 'run.yaml'),
    '--runs',
    join(folder, 'runs'),
    '--format',
    'jsonl',
    ...rules.flatMap((rule) => ['--set', rule]),
  );
  [, url = ''] = await coordinator.until(/"url":"(http[^"]+)"/);
}, LIMIT);
afterAll(() => {
  for (const { child } of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('coordinator status', () => {
  it(
    'names the tasks that nobody brings yet, and a client that was refused, with the remedy of the refusal',
    async () => {
      const stranger = files('stranger', { 'south.yaml': ['id: dogs', 'id: birds'] });
      const refused = joinRun(join(stranger, 'south.yaml'), '--set', 'client=stranger');
      expect((await refused.told).code).toBe(24);
      const view = await status();
      expect(view).toMatchObject({ live: true, state: 'gathering', round: 0, pid: coordinator.child.pid });
      expect(problemOf(view, 'task cats')).toMatchObject({
        kind: 'missing',
        remedy: expect.stringContaining(`join ${url}`) as string,
      });
      expect(problemOf(view, 'stranger')).toMatchObject({
        kind: 'refused',
        what: expect.stringContaining('does not expect the task `birds`') as string,
        remedy: expect.stringContaining('cats, dogs') as string,
      });
    },
    LIMIT,
  );

  it(
    'tells a client without progress from one that is gone, each with its time and remedy, and pauses and goes on',
    async () => {
      clients['north'] = joinRun(join(folder, 'fine', 'north.yaml'));
      clients['south'] = joinRun(join(folder, 'fine', 'south.yaml'), '--delay', '3600000');
      await coordinator.until(/"client":"south"[^\n]*\n[\s\S]*"event":"checkpoint"/);
      const stalled = await until((view) => problemOf(view, 'south') !== undefined);
      expect(stalled.waitingFor.clients).toEqual(['south']);
      expect(problemOf(stalled, 'north')).toBeUndefined();
      expect(problemOf(stalled, 'south')).toMatchObject({
        kind: 'stalled',
        what: expect.stringMatching(/no byte of its answer/) as string,
      });
      expect(Date.parse(problemOf(stalled, 'south')!.since)).toBeLessThan(Date.now());

      clients['south'].child.kill('SIGKILL');
      const gone = await until((view) => problemOf(view, 'south')?.kind === 'missing');
      expect(problemOf(gone, 'south')).toMatchObject({
        kind: 'missing',
        remedy: expect.stringContaining('join') as string,
      });

      clients['south'] = joinRun(join(folder, 'fine', 'south.yaml'));
      const well = await until((view) => view.round > 3 && view.problems.every(({ who }) => who === 'stranger'));
      expect(well.clients.map(({ client, loss, up }) => [client, loss !== null, up > 0])).toEqual([
        ['north', true, true],
        ['south', true, true],
      ]);

      expect((await ask('pause')).code).toBe(0);
      const paused = await until(({ state }) => state === 'paused');
      expect((await ask('resume')).code).toBe(0);
      expect((await until(({ round }) => round > paused.round + 1)).round).toBeGreaterThan(paused.round);
    },
    LIMIT,
  );

  it(
    'names a revoked client, whose line is cut at once',
    async () => {
      expect((await ask('revoke', 'south')).code).toBe(0);
      expect((await clients['south']!.told).code).toBe(27);
      const view = await until((now) => problemOf(now, 'south')?.kind === 'revoked');
      expect(problemOf(view, 'south')).toMatchObject({
        kind: 'revoked',
        remedy: expect.stringContaining('coordinator invite south') as string,
      });
      expect(view.clients.find(({ client }) => client === 'south')!.state).toBe('revoked');
    },
    LIMIT,
  );

  it(
    'is told by /metrics and /ready too, in events.jsonl, CSV and TensorBoard files, and by the folder once the run is stopped',
    async () => {
      const pages = await Promise.all(['metrics', 'ready'].map(async (page) => (await fetch(`${url}/${page}`)).text()));
      metrics = pages[0]!;
      expect(metrics).toMatch(/^trunkline_problem\{who="south",kind="revoked"\} 1$/m);
      expect(pages[1]).toBe('training\n');
      const followed = begin('coordinator', 'log', '--follow', '--last', '3', '--runs', join(folder, 'runs'));
      await followed.until(/Z {2}/);
      const stopped = await ask('stop');
      expect(stopped).toMatchObject({ code: 0, stdout: expect.stringContaining('stopped') as string });
      expect((await followed.told).stdout).toMatch(/Run stopped at round \d+/);
      expect((await coordinator.told).code).toBe(0);
      const [view, text, audit] = await tellAll(
        [['status', '--format', 'json'], ['status'], ['log', '--verify']].map(
          (args) => ['coordinator', ...args, '--runs', join(folder, 'runs')] as Command,
        ),
      );
      expect((JSON.parse(view!.stdout) as { data: OperatorView }).data).toMatchObject({
        live: false,
        state: 'stopped',
        run: 'small',
      });
      expect(text!.stdout).toContain('nobody holds it now');
      expect(audit!.stdout).toMatch(/\d+ lines, each as it was written/);
      const run = join(folder, 'runs', 'small');
      expect(readdirSync(join(run, 'csv')).sort()).toEqual(['clients.csv', 'rounds.csv', 'scores.csv']);
      expect(readdirSync(run)).not.toContain('control.sock');
    },
    LIMIT,
  );
});

/** Squared errors that leave the range of float32 in the second round. */
const WILD = [
  'head: { classify: { classes: [no, yes] } }\n    optimizer: { adam: { learningRate: 0.01 } }\n    metrics: [accuracy]',
  'head: { regress: { outputs: 1 } }\n    optimizer: { sgd: { learningRate: 1.0e+30 } }',
] as const;
it(
  'names a client whose loss is not finite, before the run ends for it and after',
  async () => {
    const place = files('wild', { 'south.yaml': WILD });
    const runs = ['--runs', join(folder, 'wild-runs')];
    const wild = begin(
      'coordinator',
      'start',
      join(place, 'run.yaml'),
      '--format',
      'jsonl',
      ...runs,
      '--set',
      'rounds=1000',
      '--set',
      'evaluateEvery=1000',
    );
    const [, address = ''] = await wild.until(/"url":"(http[^"]+)"/);
    // Slow enough to be seen between the first such loss and the tenth.
    const delays = { north: '600', south: '0' };
    for (const [name, delay] of Object.entries(delays))
      begin(
        'client',
        'join',
        address,
        join(place, `${name}.yaml`),
        '--yes',
        '--threads',
        '1',
        '--delay',
        delay,
        '--state',
        join(folder, 'wild-state'),
      );
    await wild.until(/"losses":\{[^}]*"dogs":null/);
    const [live] = await tellAll([['coordinator', 'status', '--format', 'json', ...runs]]);
    const { data } = JSON.parse(live!.stdout) as { data: OperatorView };
    expect(problemOf(data, 'south')).toMatchObject({
      kind: 'diverging',
      what: expect.stringMatching(/of dogs is not finite/) as string,
    });
    expect((await wild.told).code).toBe(40);
    const [after] = await tellAll([['coordinator', 'status', ...runs]]);
    expect(after!.stdout).toMatch(/failed since .*The loss of task dogs at client south/);
  },
  LIMIT,
);

const python = process.env['TRUNKLINE_TENSORBOARD'];

/** What the libraries of TensorBoard and of Prometheus themselves read: scalars by tag, and samples with the type of their family. */
const READERS = `
import sys, json
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from prometheus_client.parser import text_string_to_metric_families
events = EventAccumulator(sys.argv[1]); events.Reload()
scalars = {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()['scalars']}
families = list(text_string_to_metric_families(open(sys.argv[2]).read()))
samples = [[family.type, s.name, s.labels, s.value] for family in families for s in family.samples]
print(json.dumps({'scalars': scalars, 'samples': samples}))`;

it.skipIf(python === undefined)(
  'is read by the real TensorBoard and by Prometheus’ own parser (skipped unless TRUNKLINE_TENSORBOARD names a Python that has them)',
  async () => {
    const page = join(folder, 'metrics.txt');
    writeFileSync(page, metrics);
    const events = join(folder, 'runs', 'small', 'tensorboard');
    const { stdout } = await promisify(execFile)(python!, ['-c', READERS, events, page], { timeout: 60_000 });
    const { scalars, samples } = JSON.parse(stdout) as {
      scalars: Record<string, [number, number][]>;
      samples: [type: string, name: string, labels: Record<string, string>, value: number][];
    };
    expect(Object.keys(scalars)).toEqual(
      expect.arrayContaining(['loss/cats', 'loss/dogs', 'time/round_ms', 'bytes/up']),
    );
    expect(scalars['loss/cats']!.map(([step]) => step)).toEqual(scalars['loss/cats']!.map((_, i) => i));
    expect(samples).toHaveLength(metrics.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length);
    expect(samples).toContainEqual(['gauge', 'trunkline_problem', { who: 'south', kind: 'revoked' }, 1]);
    const counted = samples.filter(([type]) => type === 'counter').map(([, name]) => name);
    expect([...new Set(counted)].sort()).toEqual([
      'process_cpu_seconds_total',
      'trunkline_bytes_total',
      'trunkline_client_bytes_total',
    ]);
  },
  LIMIT,
);
