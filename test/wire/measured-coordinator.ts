import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COORDINATOR_FLAGS, runChild, type Child } from '../simulate/child.ts';
import type { Reading } from './gauge.ts';
import { gaugeOf, readGauge } from './read-gauge.ts';

/** A coordinator in a process of its own, which is measured from outside. */
export interface MeasuredCoordinator {
  readonly url: string;
  readonly child: Child;
  readonly folder: string;
  /** Everything it said, one event a line. */
  readonly events: readonly Record<string, unknown>[];
  /** Resolves once an event of this name was heard, from now on or before; with `fits`, one that it holds for. */
  until(event: string, fits?: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  /** What the process holds now, and how late it was since the reading before. */
  read(): Promise<Reading>;
}

export interface ThinRun {
  /** Parameters: of one dense layer without bias, 4 inputs wide. */
  readonly parameters: number;
  readonly tasks: readonly string[];
  readonly rounds: number;
  readonly more?: string;
}

export const THIN_INPUT = [4];

export const thinRunFile = ({ parameters, tasks, rounds, more = '' }: ThinRun): string => `run: thin
trunk:
  input: [4]
  layers:
    - dense: { units: ${parameters / 4}, useBias: false }
optimizer: { sgd: { learningRate: 0.01 } }
rounds: ${rounds}
evaluateEvery: ${rounds}
probeEvery: 0
expect: ${JSON.stringify(tasks)}
${more}`;

export async function startMeasured(run: ThinRun, folder = mkdtempSync(join(tmpdir(), 'trunkline-wire-'))) {
  const file = join(folder, 'run.yaml');
  writeFileSync(file, thinRunFile(run));
  const gauge = join(folder, 'gauge.jsonl');
  const events: Record<string, unknown>[] = [];
  const listeners = new Set<() => void>();
  const tell = () => [...listeners].forEach((listen) => listen());
  const child = runChild({
    entry: 'apps/coordinator/dist/main.js',
    args: ['start', file, '--folder', join(folder, 'run'), '--format', 'jsonl'],
    node: [...COORDINATOR_FLAGS, ...gaugeOf(gauge).node],
    log: join(folder, 'coordinator.log'),
    env: gaugeOf(gauge).env,
    heard(line) {
      events.push(line);
      tell();
    },
  });
  let ended = false;
  void child.exited.then(() => {
    ended = true;
    tell();
  });
  const until: MeasuredCoordinator['until'] = (event, fits = () => true) =>
    new Promise((resolve, reject) => {
      const listen = () => {
        const found = events.find((line) => line['event'] === event && fits(line));
        if (!found && !ended) return;
        listeners.delete(listen);
        if (found) resolve(found);
        else reject(new Error(`the coordinator ended without ${event}: ${child.lastWords()}`));
      };
      listeners.add(listen);
      listen();
    });
  const { url } = (await until('listening')) as { url: string };
  const coordinator: MeasuredCoordinator = {
    ...{ url, child, folder, events, until },
    read: () => readGauge(child, gauge),
  };
  return coordinator;
}
