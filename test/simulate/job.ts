import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { readClient, type ClientConfig } from '@trunkline/client';
import { planRun, readRun, type RunConfig } from '@trunkline/coordinator';
import { fail } from '@trunkline/protocol';

/** A run file with its client files, read and checked: what every way of simulating starts from. */
export interface Job {
  readonly file: string;
  readonly overrides: readonly string[];
  readonly config: RunConfig;
  readonly clients: readonly { readonly file: string; readonly config: ClientConfig }[];
  /** Intra-op threads of each client: the cores are divided among them. */
  readonly threads: number;
}

/** @throws CONFIG_*, LAYER_*, STRATEGY_*, EXPECT_UNSERVED, TASK_DUPLICATE: before anything is started */
export function readJob(file: string, overrides: readonly string[] = []): Job {
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
  const clients = given.clients.map((name) => {
    const path = resolve(source.folder, name);
    return { file: path, config: readClient(path) };
  });
  refuseDuplicates(clients.map(({ config }) => config));
  const brought = clients.flatMap(({ config }) => config.tasks.map(({ id }) => id));
  const unserved = given.expect?.find((task) => !brought.includes(task));
  if (unserved) throw fail('EXPECT_UNSERVED', { at: source.at(['expect']), task: unserved, known: brought.join(', ') });
  const filled = [
    ...overrides,
    ...(given.expect ? [] : [`expect=${JSON.stringify(brought.filter((task) => !given.optional.includes(task)))}`]),
    ...impatient((source.value as { mode?: unknown }).mode),
  ];
  const config = readRun(file, filled);
  planRun(config);
  return {
    file,
    overrides: filled,
    config,
    clients,
    threads: Math.max(1, Math.floor(availableParallelism() / clients.length)),
  };
}

/** A simulation has all its clients at hand: it gives up after a minute, where the run file does not say otherwise. */
function impatient(mode: unknown = { sync: {} }): string[] {
  const [name, keys] = typeof mode === 'string' ? [mode, {}] : Object.entries(mode as Record<string, object>)[0]!;
  return [`mode=${JSON.stringify({ [name]: { giveUpAfterMs: 60_000, ...keys } })}`];
}

function refuseDuplicates(clients: readonly ClientConfig[]): void {
  const served = new Map<string, { client: string; replica: boolean }>();
  const names = new Set<string>();
  for (const { client, tasks } of clients) {
    if (names.has(client)) throw fail('CLIENT_DUPLICATE', { client });
    names.add(client);
    for (const { id, replica } of tasks) {
      const other = served.get(id);
      if (other && !(other.replica && replica && other.client !== client))
        throw fail('TASK_DUPLICATE', { task: id, other: other.client });
      served.set(id, { client, replica });
    }
  }
}
