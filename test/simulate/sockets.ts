import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { byCodeUnits, planRun, type RunEvent, type ScoredTask } from '@trunkline/coordinator';
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
  /** Test scores of each relay's clients. */
  const behind = new Map<string, ScoredTask[]>();
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
    const doors = new Map<string, Promise<string>>();
    const relays = [...job.relays].map(([relay, names]) => {
      const file = writeRelay(job, { folder, relay, names });
      let heardAt: (url: string) => void = () => undefined;
      const door = new Promise<string>((resolve) => (heardAt = resolve));
      const args = ['relay', address, file, '--folder', join(folder, 'relays', relay), '--format', 'jsonl'];
      const child = start(relay, 'coordinator', args, (line) => {
        if (line['event'] === 'listening') heardAt(String(line['url']));
        if (line['event'] === 'scores' && line['split'] === 'test') behind.set(relay, line['tasks'] as ScoredTask[]);
      });
      for (const client of names) doors.set(client, Promise.race([door, ended(child, relay, () => failure)]));
      return { name: relay, child };
    });
    const places = await Promise.all(
      job.clients.map(({ config }) => doors.get(config.client) ?? Promise.resolve(address)),
    );
    const clients = job.clients.map(({ file, config }, place) =>
      start(
        config.client,
        'client',
        [
          'join',
          places[place]!,
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
    const named = clients.map((child, i) => ({ name: job.clients[i]!.config.client, child }));
    const watched = [{ name: 'coordinator', child: coordinator }, ...relays, ...named];
    await Promise.all(watched.map(({ name, child }) => finished(child, name, () => failure)));
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
  return jointOf(job, heard, { digests, behind });
}

/** A relay's file: it waits for all tasks of its clients. */
function writeRelay(
  job: Job,
  { folder, relay, names }: { folder: string; relay: string; names: readonly string[] },
): string {
  const mine = job.clients.filter(({ config }) => names.includes(config.client));
  const expect = mine.flatMap(({ config }) => config.tasks.map(({ id }) => id));
  const file = join(folder, 'relays', `${relay}.yaml`);
  mkdirSync(dirname(file), { recursive: true });
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ relay, expect, giveUpAfterMs: 120_000 }));
  return file;
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

function jointOf(
  job: Job,
  heard: readonly RunEvent[],
  { digests, behind }: { digests: Record<string, string>; behind: ReadonlyMap<string, readonly ScoredTask[]> },
): Joint {
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
    // The coordinator sees a relay's scores as one client's.
    scores: [...test.tasks.filter(({ client }) => !behind.has(client)), ...[...behind.values()].flat()].sort(
      (a, b) => byCodeUnits(a.task, b.task) || byCodeUnits(a.client, b.client),
    ),
    digests,
    bytes,
  };
}
