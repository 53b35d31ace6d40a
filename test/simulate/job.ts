import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { isClientModule, openClient, readClient, type ClientConfig } from '@trunkline/client';
import { planRun, readRun, type RunConfig } from '@trunkline/coordinator';
import { requireGpu } from '@trunkline/model/backend';
import { fail } from '@trunkline/protocol';

/** A run file with its client files, read and checked: what every way of simulating starts from. */
export interface Job {
  readonly file: string;
  readonly overrides: readonly string[];
  readonly config: RunConfig;
  readonly clients: readonly { readonly file: string; readonly config: ClientConfig }[];
  /** Relays, each with the names of the clients that come in through it. */
  readonly relays: ReadonlyMap<string, readonly string[]>;
  /** Intra-op threads of each client: the cores are divided among them. */
  readonly threads: number;
}

/** Client modules that were loaded, by path. */
export type Modules = ReadonlyMap<string, ClientConfig>;

/** `readJob` for runs whose clients may be modules too. @throws as `readJob` does, and CLIENT_MODULE */
export async function openJob(file: string, overrides: readonly string[] = []): Promise<Job> {
  const { clients = [], source } = readRun(file, overrides);
  const modules = new Map<string, ClientConfig>();
  for (const path of clients.map((name) => resolve(source.folder, name)))
    if (isClientModule(path) && existsSync(path)) modules.set(path, await openClient(path));
  return readJob(file, overrides, modules);
}

/** @throws CONFIG_*, LAYER_*, STRATEGY_*, GPU_ABSENT, EXPECT_UNSERVED, TASK_UNEXPECTED, TASK_DUPLICATE: before anything is started */
export function readJob(file: string, overrides: readonly string[] = [], modules: Modules = new Map()): Job {
  const given = readRun(file, overrides);
  const { source } = given;
  if (!given.clients?.length) {
    throw fail('CONFIG_INVALID', {
      at: source.at(['clients']),
      key: 'clients',
      problem: 'a simulation needs client files.',
      remedy: 'Add `clients: [a.yaml, b.yaml]`.',
    });
  }
  const clients = given.clients.map((name, place) => {
    const path = resolve(source.folder, name);
    if (!existsSync(path)) throw unreadable(source.at(['clients', place]), place, name);
    const config = modules.get(path) ?? readClient(path);
    requireGpu({ device: config.device, at: config.source.at(['device']) });
    return { file: path, config };
  });
  const configs = clients.map(({ config }) => config);
  refuseDuplicates(configs);
  if (given.expect) refuseUnexpected(configs, [...given.expect, ...given.optional]);
  const relays = relaysOf(given, clients);
  const brought = broughtBy(configs, relays);
  const unserved = given.expect?.find((task) => !brought.includes(task));
  if (unserved) {
    const at = source.at(['expect', given.expect!.indexOf(unserved)]);
    throw fail('EXPECT_UNSERVED', { at, task: unserved, known: brought.join(', ') });
  }
  const filled = [
    ...overrides,
    ...(given.expect ? [] : [`expect=${JSON.stringify(brought.filter((task) => !given.optional.includes(task)))}`]),
    ...impatient((source.value as { mode?: unknown }).mode),
  ];
  const config = readRun(file, filled);
  planRun(config);
  return {
    relays,
    file,
    overrides: filled,
    config,
    clients,
    threads: Math.max(1, Math.floor(availableParallelism() / clients.length)),
  };
}

/** Tasks as the coordinator sees them come: replicas stand twice, but for those behind one relay. */
function broughtBy(clients: readonly ClientConfig[], relays: ReadonlyMap<string, readonly string[]>): string[] {
  const groups = new Map<string, Set<string>>();
  for (const { client, tasks } of clients) {
    const name = [...relays].find(([, names]) => names.includes(client))?.[0] ?? client;
    groups.set(name, new Set([...(groups.get(name) ?? []), ...tasks.map(({ id }) => id)]));
  }
  return [...groups.values()].flatMap((tasks) => [...tasks]);
}

/** @throws CONFIG_INVALID for a file that is none of `clients`, stands at two relays, or a relay that is called like a client */
function relaysOf({ relays = {}, source }: RunConfig, clients: Job['clients']): Map<string, string[]> {
  const left = new Map(clients.map(({ file, config }) => [file, config.client]));
  const wrong = (path: readonly (string | number)[], problem: string) =>
    fail('CONFIG_INVALID', {
      at: source.at(['relays', ...path]),
      key: ['relays', ...path].join('.'),
      problem,
      remedy: 'Name each client file at one relay at the most, and relays unlike clients.',
    });
  return new Map(
    Object.entries(relays).map(([relay, files]) => {
      if (clients.some(({ config }) => config.client === relay)) throw wrong([relay], 'a client is called so.');
      const names = files.map((name, place) => {
        const path = resolve(source.folder, name);
        const client = left.get(path);
        if (client === undefined) throw wrong([relay, place], `${name} is not in \`clients\`, or at another relay.`);
        left.delete(path);
        return client;
      });
      return [relay, names];
    }),
  );
}

/** A simulation has all its clients at hand: it gives up after a minute, where the run file does not say otherwise. */
function impatient(mode: unknown = { sync: {} }): string[] {
  const [name, keys] = typeof mode === 'string' ? [mode, {}] : Object.entries(mode as Record<string, object>)[0]!;
  return [`mode=${JSON.stringify({ [name]: { giveUpAfterMs: 60_000, ...keys } })}`];
}

const unreadable = (at: string, place: number, name: string) =>
  fail('CONFIG_INVALID', {
    at,
    key: `clients.${place}`,
    problem: `there is no file ${name} beside the run file.`,
    remedy: 'Paths are relative to the run file: correct the path, or put the client file there.',
  });

function refuseUnexpected(clients: readonly ClientConfig[], welcome: readonly string[]): void {
  for (const { tasks, source } of clients) {
    const stranger = tasks.findIndex(({ id }) => !welcome.includes(id));
    if (stranger < 0) continue;
    const [at, task] = [source.at(['tasks', stranger, 'id']), tasks[stranger]!.id];
    throw fail('TASK_UNEXPECTED', { at, task, known: [...new Set(welcome)].join(', ') });
  }
}

function refuseDuplicates(clients: readonly ClientConfig[]): void {
  const served = new Map<string, { client: string; replica: boolean }>();
  const named = new Map<string, string>();
  for (const { client, tasks, source } of clients) {
    const namesake = named.get(client);
    if (namesake !== undefined) {
      throw fail('CONFIG_INVALID', {
        at: source.at(['client']),
        key: 'client',
        problem: `the name \`${client}\` is that of ${namesake} too.`,
        remedy: 'Give each client a name of its own.',
      });
    }
    named.set(client, source.name);
    for (const [place, { id, replica }] of tasks.entries()) {
      const other = served.get(id);
      if (other && !(other.replica && replica))
        throw fail('TASK_DUPLICATE', { at: source.at(['tasks', place, 'id']), task: id, other: other.client });
      served.set(id, { client, replica });
    }
  }
}
