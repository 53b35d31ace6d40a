import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { planRun, type RunEvent } from '@trunkline/coordinator';
import { fail, fromReport, type ErrorReport, TrunklineError } from '@trunkline/protocol';
import { COORDINATOR_FLAGS, reasonOf, runChild, type Child, type Ending } from './child.ts';
import type { Job } from './job.ts';
import type { Joint } from './joint.ts';

export interface SocketDeps {
  readonly folder: string;
  readonly heard: (event: RunEvent) => void;
  /** Extra arguments for a client, e.g. to slow it down. */
  readonly clientArgs?: (client: string) => readonly string[];
  /** Extra arguments for the coordinator. */
  readonly coordinatorArgs?: readonly string[];
  readonly signal?: AbortSignal;
}

/** The joint training over real sockets: one coordinator process and a process a client. */
export async function trainOverSockets(job: Job, deps: SocketDeps): Promise<Joint> {
  const { folder } = deps;
  deps.signal?.throwIfAborted();
  const heard: RunEvent[] = [];
  const digests: Record<string, string> = {};
  const children: { name: string; child: Child }[] = [];
  let failure: TrunklineError | undefined;
  let listening: (url: string) => void = () => undefined;
  const url = new Promise<string>((resolve) => (listening = resolve));
  const abort = () => children.forEach(({ child }) => child.stop());
  deps.signal?.addEventListener('abort', abort);

  const start = (
    name: string,
    app: 'coordinator' | 'client',
    args: readonly string[],
    on: (event: Record<string, unknown>) => void,
  ) => {
    const child = runChild({
      entry: `apps/${app}/dist/main.js`,
      node: app === 'coordinator' ? COORDINATOR_FLAGS : [],
      args,
      log: join(folder, 'logs', `${name}.log`),
      heard(event) {
        if (event['event'] === 'error') failure ??= fromReport(event as unknown as ErrorReport);
        on(event);
      },
    });
    children.push({ name, child });
    return child;
  };
  try {
    const coordinator = start(
      'coordinator',
      'coordinator',
      [
        'start',
        job.file,
        ...job.overrides.flatMap((text) => ['--set', text]),
        '--folder',
        folder,
        '--format',
        'jsonl',
        ...(deps.coordinatorArgs ?? []),
      ],
      (line) => {
        const event = line as unknown as RunEvent;
        heard.push(event);
        deps.heard(event);
        if (event.event === 'listening') listening(event.url);
      },
    );
    const address = await Promise.race([url, ended(coordinator, 'coordinator', () => failure)]);
    const clients = job.clients.map(({ file, config }) =>
      start(
        config.client,
        'client',
        [
          'join',
          address,
          file,
          '--yes',
          '--format',
          'jsonl',
          '--threads',
          String(job.threads),
          '--state',
          join(folder, 'state'),
          ...(deps.clientArgs?.(config.client) ?? []),
        ],
        (line) => {
          if (line['event'] !== 'scores' || line['split'] !== 'test') return;
          for (const [name, digest] of Object.entries(line['digests'] as Record<string, string>))
            digests[`${config.client}/${name}`] = digest;
        },
      ),
    );
    const watched = [coordinator, ...clients].map((child, i) =>
      finished(child, i === 0 ? 'coordinator' : job.clients[i - 1]!.config.client, () => failure),
    );
    await Promise.all(watched);
  } catch (error) {
    abort();
    await Promise.all(children.map(({ child }) => child.exited));
    // Nothing half-started stays behind: a run that never reached its first round leaves no folder, but for the log of a crash.
    const crashed = error instanceof TrunklineError && error.code === 'CLIENT_FAILED';
    if (!crashed && !heard.some(({ event }) => event === 'round')) rmSync(folder, { recursive: true, force: true });
    throw error;
  } finally {
    deps.signal?.removeEventListener('abort', abort);
  }
  return jointOf(job, heard, digests);
}

const ended = async (child: Child, name: string, failure: () => TrunklineError | undefined): Promise<never> => {
  const ending = await child.exited;
  throw failure() ?? failed(child, name, ending);
};

const finished = async (child: Child, name: string, failure: () => TrunklineError | undefined): Promise<void> => {
  const ending = await child.exited;
  if (ending.code !== 0) throw failure() ?? failed(child, name, ending);
};

const failed = (child: Child, client: string, { how }: Ending): TrunklineError =>
  fail('CLIENT_FAILED', {
    client,
    how,
    reason: reasonOf(child.lastWords()),
    remedy: `Its log: ${child.log}`,
  });

function jointOf(job: Job, heard: readonly RunEvent[], digests: Record<string, string>): Joint {
  const of = <E extends RunEvent['event']>(event: E) =>
    heard.filter((one): one is Extract<RunEvent, { event: E }> => one.event === event);
  const done = of('finished')[0]!;
  const rounds = of('round');
  const test = of('scores').filter(({ split }) => split === 'test')[0]!;
  const bytes = rounds.reduce((sum, round) => ({ up: sum.up + round.bytes.up, down: sum.down + round.bytes.down }), {
    up: 0,
    down: 0,
  });
  const seconds = rounds.reduce((sum, { timing }) => sum + timing.roundMs, 0) / 1000;
  const parameters = planRun(job.config).trunk.layout.length;
  return {
    rounds: done.rounds,
    seconds,
    trunk: { parameters, sha256: done.sha256 },
    scores: test.tasks,
    digests,
    bytes,
  };
}
