import { z } from 'zod';
import type { RunEvent } from '../run-events.ts';
import type { OpenSink } from './open-sink.ts';
import { scalarsOf } from './scalars.ts';

/** A batch may hold 1,000 metrics and 100 parameters (mlflow.org, REST API 2.0, "Log Batch"). */
const BATCH = 1000;
const PARAMETERS = 100;
/** Longer values are cut there. */
const PARAMETER_LENGTH = 500;
/** Metrics that wait for a slow server; older ones are then left out, and that is said. */
const WAITING = 20_000;
const CALL_MS = 10_000;
const EVERY_MS = 1000;
/** A run that is asked to end does so within five seconds. */
const END_MS = 3000;

export interface MlflowDeps {
  /** Where MLflow's server listens. */
  readonly url: string;
  readonly experiment: string;
  readonly run: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Sent as a bearer token, and never said. */
  readonly token?: string | undefined;
  readonly fetch: typeof fetch;
  readonly begun: Date;
  /** Whatever goes wrong with the server: it never ends the run. */
  readonly say: (text: string) => void;
}

interface Metric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

const created = z.object({ run: z.object({ info: z.object({ run_id: z.string() }) }) });
const experiment = z.object({ experiment_id: z.string() });
const found = z.object({ experiment: experiment });

/** Sends scalars to an MLflow tracking server by its REST interface, a batch a second, beside the run and never in its way. */
export function mlflowSink(deps: MlflowDeps): OpenSink {
  const { say, begun } = deps;
  let waiting: Metric[] = [];
  let left = 0;
  let run: string | undefined;
  let failing = false;
  let status: 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED' = 'RUNNING';
  let sending = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const call = async (method: 'GET' | 'POST', path: string, body: Record<string, unknown>): Promise<unknown> => {
    const query = method === 'GET' ? `?${new URLSearchParams(body as Record<string, string>).toString()}` : '';
    const response = await deps.fetch(`${deps.url.replace(/\/$/, '')}/api/2.0/mlflow/${path}${query}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(deps.token === undefined ? {} : { authorization: `Bearer ${deps.token}` }),
      },
      ...(method === 'POST' ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(CALL_MS),
    });
    if (response.status === 404 && path === 'experiments/get-by-name') return undefined;
    if (!response.ok) throw new Error(`${path}: ${response.status} ${(await response.text()).slice(0, 200)}`);
    return response.json();
  };

  const open = async (): Promise<string> => {
    const known = await call('GET', 'experiments/get-by-name', { experiment_name: deps.experiment });
    const id = known
      ? found.parse(known).experiment.experiment_id
      : experiment.parse(await call('POST', 'experiments/create', { name: deps.experiment })).experiment_id;
    const made = await call('POST', 'runs/create', {
      experiment_id: id,
      run_name: deps.run,
      start_time: begun.getTime(),
      tags: [{ key: 'mlflow.source.name', value: 'trunkline' }],
    });
    const { run_id } = created.parse(made).run.info;
    const params = Object.entries(deps.parameters).slice(0, PARAMETERS);
    await call('POST', 'runs/log-batch', {
      run_id,
      metrics: [],
      params: params.map(([key, value]) => ({ key: keyOf(key), value: value.slice(0, PARAMETER_LENGTH) })),
      tags: [],
    });
    return run_id;
  };

  const send = async () => {
    try {
      run ??= await open();
      while (waiting.length > 0) {
        const metrics = waiting.slice(0, BATCH);
        await call('POST', 'runs/log-batch', { run_id: run, metrics, params: [], tags: [] });
        waiting = waiting.slice(metrics.length);
      }
      if (failing) say('MLflow answers again');
      failing = false;
      if (left > 0) say(`MLflow was behind: ${left} values were left out`);
      left = 0;
    } catch (error) {
      if (!failing) say(`MLflow at ${deps.url} does not take what it is sent: ${(error as Error).message}`);
      failing = true;
    }
  };
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      sending = sending.then(send);
      void sending.then(() => waiting.length > 0 && soon());
    }, EVERY_MS);
    timer.unref();
  };

  return {
    sink(event, at) {
      status = statusOf(event) ?? status;
      const { step, scalars } = scalarsOf(event) ?? { step: 0, scalars: {} };
      const timestamp = at.getTime();
      for (const [name, value] of Object.entries(scalars)) waiting.push({ key: keyOf(name), value, timestamp, step });
      if (waiting.length > WAITING) {
        left += waiting.length - WAITING;
        waiting = waiting.slice(-WAITING);
      }
      if (waiting.length > 0) soon();
    },
    async close() {
      clearTimeout(timer);
      const last = async () => {
        await sending;
        await send();
        const end = { run_id: run, status: status === 'RUNNING' ? 'KILLED' : status, end_time: Date.now() };
        if (run !== undefined)
          await call('POST', 'runs/update', end).catch((error: Error) => say(`MLflow: ${error.message}`));
      };
      await Promise.race([last(), new Promise((resolve) => setTimeout(resolve, END_MS).unref())]);
      if (waiting.length > 0) say(`MLflow did not get the last ${waiting.length} values`);
    },
  };
}

function statusOf({ event }: RunEvent): 'FINISHED' | 'FAILED' | 'KILLED' | undefined {
  if (event === 'finished') return 'FINISHED';
  if (event === 'error') return 'FAILED';
  return event === 'stopped' ? 'KILLED' : undefined;
}

/** Letters, digits, and `_ - . /` and blanks: what MLflow takes in a name. */
const keyOf = (name: string): string => name.replace(/[^\w\-. /]/g, '_').slice(0, 250);
