import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyHistory, keepHistory, take, type RunEvent } from '@trunkline/coordinator';

/** Each round a few answer: what a run of many clients selects. */
const SELECTED = 4;

/** A finished run of many clients, kept as its coordinator keeps it when it ends. */
export function recordLongRun(runs: string, size: { readonly clients: number; readonly rounds: number }): void {
  const folder = join(runs, 'long');
  mkdirSync(folder);
  const history = emptyHistory();
  const tell = (event: RunEvent, second: number) => take(history, event, new Date(second * 1_000));
  const names = Array.from({ length: size.clients }, (_, i) => `client-${String(i).padStart(4, '0')}`);
  tell({ event: 'listening', run: 'long', url: 'http://127.0.0.1:1', dashboard: null, folder }, 0);
  for (const client of names) {
    const tasks = [`task-${client}`];
    tell({ event: 'joined', client, tasks, labelled: { [tasks[0]!]: 9 }, backend: 'cpu', again: false }, 1);
  }
  for (let round = 0; round < size.rounds; round++) {
    const here = Array.from({ length: SELECTED }, (_, i) => names[(round * SELECTED + i) % size.clients]!);
    const each = <T>(value: (i: number) => T, prefix = '') =>
      Object.fromEntries(here.map((name, i) => [prefix + name, value(i)]));
    const losses = each((i) => 1 / (1 + round / 9_000) + i / 50 + (round % 7) / 20, 'task-');
    tell(
      {
        ...{ event: 'round', round, attempt: 0, losses, weights: each(() => 1, 'task-'), stationary: false },
        clients: each((i) => ({ waitMs: i, stepMs: 5, sendMs: 1, rows: 32, up: 100, down: 100 })),
        timing: { answersMs: 9, aggregateMs: 1, roundMs: 11 },
        bytes: { up: 400, down: 400 },
      },
      2 + round,
    );
  }
  tell({ event: 'finished', rounds: size.rounds, sha256: 'f'.repeat(64) }, 3 + size.rounds);
  const line = {
    schema: 1,
    at: new Date(0).toISOString(),
    event: 'finished',
    rounds: size.rounds,
    sha256: 'f'.repeat(64),
  };
  writeFileSync(join(folder, 'events.jsonl'), `${JSON.stringify(line)}\n`);
  keepHistory(folder, history);
}

/** A run whose process was killed after its third round. */
export function recordKilledRun(runs: string): void {
  mkdirSync(join(runs, 'killed'));
  const [listening, joined, one, two, three] = shortRun(runs, 'killed');
  const scores = shortRun(runs, 'killed').find(({ event }) => event === 'scores')!;
  writeFileSync(
    join(runs, 'killed', 'events.jsonl'),
    `${logged([listening!, joined!, one!, two!, three!, scores])}{"schema":1,"ev`,
  );
  writeFileSync(join(runs, 'killed', 'config.yaml'), 'rounds: 9\n');
}

/** A small run with scores and conflicts, told by its log alone. */
export function recordShortRun(runs: string, name: string): void {
  mkdirSync(join(runs, name));
  writeFileSync(join(runs, name, 'events.jsonl'), logged(shortRun(runs, name)));
  const gain = { task: 'cats', client: 'a', metric: 'auroc', together: 0.9, alone: 0.8, delta: 0.1 };
  const result = { deltaM: 12.5, tasks: [{ ...gain, metrics: { auroc: { together: 0.9, alone: 0.8 } } }] };
  writeFileSync(join(runs, name, 'result.json'), JSON.stringify(result));
}

function shortRun(runs: string, name: string): RunEvent[] {
  const tasks = ['cats', 'dogs'];
  return [
    { event: 'listening', run: name, url: 'http://127.0.0.1:1', dashboard: null, folder: join(runs, name) },
    { event: 'joined', client: 'a', tasks, labelled: { cats: 9, dogs: 9 }, backend: 'cpu', again: false },
    ...Array.from({ length: 30 }, (_, round): RunEvent => ({
      ...{ event: 'round', round, attempt: 0, losses: { cats: 1 / (round + 1), dogs: null }, stationary: false },
      ...{ weights: { cats: 0.6, dogs: 0.4 }, bytes: { up: 9, down: 9 } },
      clients: { a: { waitMs: 1, stepMs: 2, sendMs: 1, rows: 8, up: 9, down: 9 } },
      timing: { answersMs: 4, aggregateMs: 1, roundMs: 6 },
    })),
    { event: 'conflicts', round: 29, tasks, cosines: [1, -0.4, -0.4, 1], norms: [1, 2] },
    {
      ...{ event: 'scores', version: 30, split: 'validation' },
      tasks: [{ task: 'cats', client: 'a', loss: 0.1, metrics: { auroc: 0.9 } }],
    },
    { event: 'left', client: 'a', reason: '<img src=x onerror="document.title=1"></script>' },
    { event: 'finished', rounds: 30, sha256: 'a'.repeat(64) },
  ];
}

const logged = (events: readonly RunEvent[]): string =>
  events
    .map((event, i) => `${JSON.stringify({ schema: 1, at: new Date(i * 1000).toISOString(), ...event })}\n`)
    .join('');
