import { join, resolve } from 'node:path';
import type { RunConfig } from '../config.ts';
import type { Sink } from '../run-events.ts';
import { csvSink } from './csv.ts';
import { mlflowSink } from './mlflow.ts';
import type { OpenSink } from './open-sink.ts';
import { tensorboardSink } from './tensorboard/sink.ts';

export interface OutputDeps {
  /** The run's folder. */
  readonly folder: string;
  readonly begun: Date;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly fetch: typeof fetch;
  readonly say: (text: string) => void;
}

/** The surroundings of a process. */
export const systemOutput: Pick<OutputDeps, 'env' | 'fetch' | 'say'> = {
  env: process.env,
  fetch: (...args) => globalThis.fetch(...args),
  say: (text) => void process.stderr.write(`${text}\n`),
};

/** Opens what the key `output` asks for. Folders are relative to the run file. @throws STORAGE_FAILED */
export function openOutput(config: RunConfig, deps: OutputDeps): { sinks: Sink[]; close(): Promise<void> } {
  const { tensorboard, csv, mlflow } = config.output;
  const opened: OpenSink[] = [];
  const folderOf = (asked: string | true, name: string) =>
    asked === true ? join(deps.folder, name) : resolve(config.source.folder, asked);
  if (tensorboard) opened.push(tensorboardSink(folderOf(tensorboard, 'tensorboard'), deps.begun));
  if (csv) opened.push(csvSink(folderOf(csv, 'csv')));
  if (mlflow !== undefined) {
    opened.push(
      mlflowSink({
        url: mlflow,
        experiment: 'trunkline',
        run: config.run,
        parameters: parametersOf(config),
        token: deps.env['MLFLOW_TRACKING_TOKEN'],
        fetch: deps.fetch,
        begun: deps.begun,
        say: deps.say,
      }),
    );
  }
  return {
    sinks: opened.map(({ sink }) => sink),
    close: async () => void (await Promise.all(opened.map(({ close }) => close()))),
  };
}

/** What a run is told from others by; neither paths nor addresses. */
function parametersOf({
  seed,
  rounds,
  optimizer,
  strategy,
  mode,
  weights,
  exchange,
}: RunConfig): Record<string, string> {
  const keys = { seed, rounds, optimizer, strategy, mode, weights, exchange };
  return Object.fromEntries(
    Object.entries(keys).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, typeof value === 'string' ? value : JSON.stringify(value)]],
    ),
  );
}
