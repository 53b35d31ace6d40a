import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@trunkline/protocol';
import { ROOT, runChild } from '../../simulate/child.ts';
import { readJob, type Job } from '../../simulate/job.ts';
import type { RunResult } from '../../simulate/result.ts';
import { trainOverSockets } from '../../simulate/sockets.ts';

const EXAMPLE = join(ROOT, 'examples', 'hospitals');
const DATA = ['pneumoniamnist.npz', 'breast_us_28.npz', 'blood_cells_28.npz'];
export const HOSPITALS = ['pneumonia', 'breast', 'blood'] as const;

/** The others' trunk; heads are linear, batches 32, pixels ÷ 255 and Adam 0.001 as the example has them already. */
const TRUNK = {
  input: [28, 28, 1],
  layers: [
    { flatten: {} },
    { dense: { units: 256, activation: 'relu' } },
    { dense: { units: 128, activation: 'relu' } },
  ],
};
/** A busy machine takes its time to start three clients. */
const PATIENCE = { giveUpAfterMs: 600_000 };
const ADAM = { adam: { learningRate: 0.001 } };

/** `sync`: the mean of the three gradients, and Adam at the coordinator. A number: so many local steps of Adam at each client, and the mean of the trunks. */
export type HospitalMode = 'sync' | number;

/** A mode `local` with the mean and a server step of 1 makes the next trunk the mean of the clients' trunks. */
const settingsOf = (mode: HospitalMode, rounds: number): string[] => [
  `trunk=${JSON.stringify(TRUNK)}`,
  'strategy=mean',
  ...(mode === 'sync'
    ? [`mode=${JSON.stringify({ sync: PATIENCE })}`, `optimizer=${JSON.stringify(ADAM)}`]
    : [
        `mode=${JSON.stringify({ local: { steps: mode, optimizer: ADAM, ...PATIENCE } })}`,
        'optimizer={"sgd": {"learningRate": 1}}',
      ]),
  ...[`rounds=${rounds}`, `evaluateEvery=${rounds}`, 'probeEvery=0'],
];

const FILE = join(EXAMPLE, 'run.yaml');

/** One thread a client, as the others' clients have. */
export const hospitalsJob = (mode: HospitalMode, rounds: number, more: readonly string[] = []): Job => ({
  ...readJob(FILE, [...settingsOf(mode, rounds), ...more]),
  threads: 1,
});

export interface Trained {
  /** Seconds of each round but the first, in which both sides still warm up. */
  readonly rounds: readonly number[];
  /** Of the whole run, where its time was enough. */
  readonly end?: {
    /** Of all rounds together. */
    readonly seconds: number;
    /** Task → accuracy on the test split, of the last trunk with the client's own head. */
    readonly accuracy: Readonly<Record<string, number>>;
  };
}

/** So many rounds make a median, where a run is ended before its end. */
const ENOUGH = 20;

/**
 * Trains the three hospitals in client processes over sockets.
 * @param limitMs past it the run is ended. @throws Error when fewer than 20 rounds fit into it, and what the run itself throws
 */
export async function trainHospitals(mode: HospitalMode, rounds: number, limitMs: number): Promise<Trained> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
  const seconds: number[] = [];
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), limitMs);
  try {
    const { scores, ...joint } = await trainOverSockets(hospitalsJob(mode, rounds), {
      ...{ folder, signal: limit.signal },
      heard(event) {
        if (event.event === 'round') seconds.push(event.timing.roundMs / 1000);
      },
    });
    const accuracy = Object.fromEntries(scores.map(({ task, metrics }) => [task, metrics['accuracy'] ?? NaN]));
    return { rounds: seconds.slice(1), end: { seconds: joint.seconds, accuracy } };
  } catch (error) {
    if (!limit.signal.aborted) throw error;
    if (seconds.length > ENOUGH) return { rounds: seconds.slice(1) };
    throw new Error(`${seconds.length} of ${rounds} rounds in ${limitMs / 60_000} minutes`, { cause: error });
  } finally {
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same training with seeds 1, 2, … in one process, which gives the bytes of the one over sockets. Task → accuracy of each seed. */
export async function accuracyOfSeeds(
  mode: HospitalMode,
  rounds: number,
  { seeds, limitMs }: { seeds: number; limitMs: number },
): Promise<Record<string, number[]>> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
  try {
    const set = settingsOf(mode, rounds).flatMap((text) => ['--set', text]);
    let said: { data?: RunResult & { runs: readonly RunResult[] } } = {};
    const child = runChild({
      entry: 'test/dist/simulate/main.js',
      args: [FILE, '--in-process', '--seeds', String(seeds), ...set, '--runs', folder, '--format', 'json'],
      log: join(folder, 'seeds.log'),
      heard: (line) => (said = line),
    });
    const timer = setTimeout(() => child.stop(), limitMs);
    const { how } = await child.exited;
    clearTimeout(timer);
    if (!said.data) throw new Error(`${seeds} seeds in one process ended ${how}: ${child.lastWords().slice(-300)}`);
    return accuraciesOf(said.data.runs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const accuraciesOf = (runs: readonly RunResult[]): Record<string, number[]> =>
  Object.fromEntries(
    HOSPITALS.map((name) => [
      name,
      runs.map(({ tasks }) => tasks.find(({ task }) => task === name)?.metrics['accuracy']?.together ?? NaN),
    ]),
  );

/** Accuracies as text. */
export const told = (accuracy: Readonly<Record<string, number>>): string =>
  HOSPITALS.map((task) => `${task} ${accuracy[task]?.toFixed(3) ?? '–'}`).join(', ');

/** Both sides train on the same bytes. @throws Error when the others' files are not those of the example */
export function checkSameData(data: string): void {
  const digest = (path: string) => sha256(readFileSync(path));
  const differs = DATA.filter((name) => digest(join(EXAMPLE, 'data', name)) !== digest(join(data, 'medical', name)));
  if (differs.length > 0) throw new Error(`${differs.join(', ')} in ${data} differ from those of examples/hospitals`);
}
