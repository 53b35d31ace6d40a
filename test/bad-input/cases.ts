import { join } from 'node:path';
import { writeSmallRun, type Arrays, type Changes } from './small-run.ts';
import type { Command } from './told.ts';

/** One mistake in a run that is otherwise in order, and the command that its user types. */
export interface Case {
  readonly title: string;
  readonly changes?: Changes;
  /** What it returns is not looked at. */
  readonly spoil?: (arrays: Arrays, split: string) => unknown;
  readonly command?: (folder: string) => Command;
}

const NPY = `npy: { inputs: 'x-{split}.npy', targets: { label: 'y-{split}.npy' } }`;
const npz = (changed: { inputs?: string; label?: string; split?: string } = {}) => {
  const { file, inputs, label, split } = {
    file: 'fashion.npz',
    inputs: '{split}_images',
    label: '{split}_labels',
    ...changed,
  };
  const source = `npz: { file: ${file}, inputs: '${inputs}', targets: { label: '${label}' } }`;
  return split === undefined ? source : `${source}\n  split: ${split}`;
};

const run = (title: string, from: string, to: string): Case => ({ title, changes: { 'run.yaml': [from, to] } });
const south = (title: string, from: string, to: string): Case => ({ title, changes: { 'south.yaml': [from, to] } });
const opened = (one: Case): Case => ({ ...one, command: joinNobody });
const set = (title: string, ...texts: string[]): Case => ({
  title,
  command: (folder) => [...simulate(folder), ...texts.flatMap((text) => ['--set', text])],
});

/** `simulate`, as most users meet their first mistake. */
const simulate = (folder: string): readonly ['simulate', ...string[]] => [
  'simulate',
  join(folder, 'run.yaml'),
  '--runs',
  join(folder, 'runs'),
  '--format',
  'json',
];

/** `client join` at an address where nobody listens: data are read before anything is connected. */
const joinNobody = (folder: string): Command => [
  'client',
  'join',
  'http://127.0.0.1:9',
  join(folder, 'south.yaml'),
  ...['--state', join(folder, 'state'), '--yes', '--format', 'jsonl', '--patience-ms', '200'],
];

const startRun = (title: string, ...args: string[]): Case => ({
  title,
  command: (folder) => [
    'coordinator',
    'start',
    join(folder, 'run.yaml'),
    ...['--runs', join(folder, 'runs'), '--format', 'jsonl', ...args],
  ],
});

const DENSE = '- dense: { units: 8, activation: relu }';

export const runFile: readonly Case[] = [
  run('unknown key', 'rounds: 4', 'round: 4'),
  run('unknown key of a layer', 'units: 8', 'unit: 8'),
  run('unknown layer', 'dense:', 'dence:'),
  run('BatchNormalization', DENSE, `${DENSE}\n    - batchNormalization: {}`),
  run('unknown strategy', 'weighted-sum', 'pcgrat'),
  run('unknown parameter of a strategy', 'strategy: weighted-sum', 'strategy: { cagrad: { d: 0.5 } }'),
  run('two strategies', 'strategy: weighted-sum', 'strategy: { cagrad: {}, pcgrad: {} }'),
  run('unknown optimizer', 'adam:', 'adan:'),
  run('unknown parameter of an optimizer', 'learningRate', 'learningrate'),
  run('a key that is missing', 'rounds: 4\n', ''),
  run('a value of another type', 'rounds: 4', 'rounds: many'),
  run('not YAML', 'optimizer: {', 'optimizer: [{'),
  run('a client file that is not there', 'south.yaml', 'west.yaml'),
  run('no clients', 'clients: [north.yaml, south.yaml]', ''),
  run('a task expected that no client brings', 'expect: [cats, dogs]', 'expect: [cats, dogs, birds]'),
  run('a task that is not expected', 'expect: [cats, dogs]', 'expect: [cats]'),
  run('a weight of no task', 'rounds: 4', 'rounds: 4\nweights: { birds: 2 }'),
];

export const clientFile: readonly Case[] = [
  south('unknown key', 'batchSize: 8', 'batchsize: 8'),
  south('unknown optimizer', 'adam:', 'adan:'),
  south('unknown loss', 'target: label', 'target: label\n    loss: cross-entropie'),
  south('two clients with one task and no replica', 'id: dogs', 'id: cats'),
  south('one task twice in a client', 'metrics: [accuracy]', 'metrics: [accuracy]\n  - id: dogs\n    head: binary'),
  south('client name twice', 'client: south', 'client: north'),
  south('not YAML', 'tasks:', 'tasks: ['),
  opened(south('unknown metric', '[accuracy]', '[acuracy]')),
  opened(south('unknown target', 'target: label', 'target: lable')),
];

export const gpu = south('gpu asked for and absent', 'client: south', 'client: south\ndevice: gpu');

export const data: readonly Case[] = [
  opened(south('missing file', 'x-{split}', 'absent-{split}')),
  opened(south('misnamed array', NPY, npz({ inputs: '{split}_image' }))),
  opened(south('wrong shape', 'y-{split}', 'x-{split}')),
  opened(south('other rows than the inputs', NPY, npz({ inputs: 'train_images', label: 'test_labels' }))),
  opened(
    south('empty split', NPY, npz({ inputs: 'train_images', label: 'train_labels', split: '{ train: 1, test: 0 }' })),
  ),
  {
    title: 'label out of range',
    spoil: ({ labels }, split) => split === 'val' && labels.set([7], 3),
    command: joinNobody,
  },
  { ...opened(south('label out of range, in npz', NPY, npz())) },
  {
    title: 'NaN feature',
    spoil: ({ inputs }, split) => split === 'test' && inputs.set([NaN], 9),
    command: joinNobody,
  },
  {
    title: 'infinite feature',
    spoil: ({ inputs }, split) => split === 'train' && inputs.set([Infinity], 0),
    command: joinNobody,
  },
  { title: 'no label at all', spoil: ({ labels }) => labels.fill(-1), command: joinNobody },
];

export const commandLine: readonly Case[] = [
  set('--set without =', 'rounds'),
  set('--set with a bad value', 'rounds=-1'),
  set('--set with an unknown key', 'optimizer.adam.lernRate=1'),
  set('--set that is not YAML', 'rounds=[1'),
  { title: 'no such run file', command: (folder) => ['simulate', join(folder, 'absent.yaml'), '--format', 'json'] },
  { title: 'unknown option', command: (folder) => [...simulate(folder), '--seed', '3'] },
  { title: '--seeds 0', command: (folder) => [...simulate(folder), '--seeds', '0'] },
  {
    title: 'a report in a folder that is not there',
    command: (folder) => [...simulate(folder), '--report', join(folder, 'none', 'report.html')],
  },
  {
    title: 'a report of a run without a coordinator',
    command: (folder) => [...simulate(folder), '--in-process', '--report', join(folder, 'report.html')],
  },
  {
    title: 'a report of a run that is not trained',
    command: (folder) => [...simulate(folder), '--dry-run', '--report', join(folder, 'report.html')],
  },
  { title: 'unknown command', command: () => ['client', 'joni', '--format=jsonl'] },
  { title: 'missing argument', command: () => ['coordinator', 'start', '--format', 'jsonl'] },
  { title: '--format of another kind', command: () => ['client', 'doctor', '--format', 'xml'] },
  { title: '--threads 0', command: (folder) => [...joinNobody(folder), '--threads', '0'] },
  {
    title: 'an address that is none',
    command: (folder) => ['client', 'join', '127.0.0.1:4100', join(folder, 'south.yaml'), '--format', 'jsonl'],
  },
  { title: 'coordinator not reachable', command: joinNobody },
  startRun('--port out of range', '--port', '70000'),
  {
    title: '--port out of range, of a relay',
    command: (folder) => [
      'coordinator',
      'relay',
      'http://127.0.0.1:4100',
      join(folder, 'relay.yaml'),
      '--port=70000',
      '--format',
      'jsonl',
    ],
  },
  startRun('listening off loopback', '--set', 'listen.host=0.0.0.0'),
  startRun('an address of another machine', '--insecure', '--set', 'listen.host=192.0.2.1'),
  startRun('an expected task that nobody brings', '--set', 'mode.sync.giveUpAfterMs=1000'),
  { ...startRun('no expect'), changes: { 'run.yaml': ['expect: [cats, dogs]\n', ''] } },
];

/** Writes the case's run into a folder of its own; the command that meets the mistake there. */
export function prepare({ changes, spoil, command = simulate }: Case, folder: string): Command {
  writeSmallRun(folder, {
    ...(changes && { changes }),
    ...(spoil && { spoil: (arrays, split) => void spoil(arrays, split) }),
  });
  return command(folder);
}
