import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { mlflowSink } from './mlflow.ts';
import type { RunEvent } from '../run-events.ts';

interface Call {
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly token: string | undefined;
}

let server: Server | undefined;
afterEach(() => void server?.close());

/** What a tracking server does on the calls that "REST API 2.0" of mlflow.org documents, and no others. */
async function tracking(calls: Call[], answer?: () => number): Promise<string> {
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (piece) => (text += String(piece)));
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url!, 'http://x');
      const body = request.method === 'GET' ? Object.fromEntries(searchParams) : (JSON.parse(text) as Call['body']);
      calls.push({ path: `${request.method} ${pathname}`, body, token: request.headers.authorization });
      const reply: Record<string, [number, object]> = {
        'GET /api/2.0/mlflow/experiments/get-by-name': [404, { error_code: 'RESOURCE_DOES_NOT_EXIST' }],
        'POST /api/2.0/mlflow/experiments/create': [200, { experiment_id: '7' }],
        'POST /api/2.0/mlflow/runs/create': [200, { run: { info: { run_id: 'abc' } } }],
        'POST /api/2.0/mlflow/runs/log-batch': [answer?.() ?? 200, {}],
        'POST /api/2.0/mlflow/runs/update': [200, {}],
      };
      const [status, value] = reply[`${request.method} ${pathname}`] ?? [404, {}];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const sinkAt = (url: string, said: string[]) =>
  mlflowSink({
    url,
    experiment: 'trunkline',
    run: 'r',
    parameters: { seed: '1' },
    token: 'secret',
    fetch,
    begun: new Date(5),
    say: (text) => said.push(text),
  });
const scores = (version: number): RunEvent => ({
  event: 'scores',
  version,
  split: 'test',
  tasks: [{ task: 'cats', client: 'a', loss: null, metrics: { accuracy: 0.5 } }],
});

it('makes the experiment and the run, sends values with their steps, and ends the run', async () => {
  const calls: Call[] = [];
  const said: string[] = [];
  const { sink, close } = sinkAt(await tracking(calls), said);
  sink(scores(3), new Date(1000));
  sink({ event: 'finished', rounds: 3, sha256: 'x' }, new Date(2000));
  await close();
  expect(said).toEqual([]);
  expect(calls.map(({ path }) => path.replace('/api/2.0/mlflow', ''))).toEqual([
    'GET /experiments/get-by-name',
    'POST /experiments/create',
    'POST /runs/create',
    'POST /runs/log-batch',
    'POST /runs/log-batch',
    'POST /runs/update',
  ]);
  expect(calls.every(({ token }) => token === 'Bearer secret')).toBe(true);
  expect(calls[0]!.body).toEqual({ experiment_name: 'trunkline' });
  expect(calls[2]!.body).toMatchObject({ experiment_id: '7', run_name: 'r', start_time: 5 });
  expect(calls[3]!.body).toMatchObject({ run_id: 'abc', params: [{ key: 'seed', value: '1' }] });
  expect(calls[4]!.body).toMatchObject({
    run_id: 'abc',
    metrics: [{ key: 'test/accuracy/cats', value: 0.5, timestamp: 1000, step: 3 }],
  });
  expect(calls[5]!.body).toMatchObject({ run_id: 'abc', status: 'FINISHED' });
});

it('sends what waits in batches of at most 1,000', async () => {
  const calls: Call[] = [];
  const { sink, close } = sinkAt(await tracking(calls), []);
  for (let version = 0; version < 2500; version++) sink(scores(version), new Date(version));
  await close();
  const sizes = calls.flatMap(({ body }) => (body['metrics'] as unknown[] | undefined)?.length ?? []);
  expect(sizes).toEqual([0, 1000, 1000, 500]);
});

it('never throws at the run when the server refuses or is not there: it says so once, and what was lost', async () => {
  const said: string[] = [];
  const calls: Call[] = [];
  const refusing = sinkAt(await tracking(calls, () => 500), said);
  refusing.sink(scores(1), new Date(1));
  await refusing.close();
  expect(said[0]).toMatch(/does not take what it is sent: runs\/log-batch: 500/);
  expect(said.at(-1)).toBe('MLflow did not get the last 1 values');
  expect(said.join()).not.toContain('secret');
  const gone: string[] = [];
  const none = sinkAt('http://127.0.0.1:9', gone);
  none.sink(scores(1), new Date(1));
  await none.close();
  expect(gone).toHaveLength(2);
});
