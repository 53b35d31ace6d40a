import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COORDINATOR_FLAGS, runChild, type Child } from '../simulate/child.ts';
import type { Search } from './canaries.ts';
import type { Hit } from './secret.ts';
import { record } from './recorder.ts';

/** All that anyone but a client's owner could get to see of a run, by where it was found. */
export type Evidence = ReadonlyMap<string, Buffer>;

export interface Leak extends Hit {
  readonly place: string;
}

export const leaksIn = (evidence: Evidence, search: Search): Leak[] =>
  [...evidence].flatMap(([place, bytes]) => search(bytes).map((hit) => ({ place, ...hit })));

/**
 * Runs a coordinator and clients as processes, every line through a recorder, until all have ended by themselves.
 * @param clients entry and file of each; an entry other than the client's own is one that leaks
 * @returns what crossed, the coordinator's folder, and what every process wrote
 */
export async function gatherEvidence(options: {
  folder: string;
  run: string;
  overrides?: readonly string[];
  clients: readonly { name: string; file: string; entry?: string; env?: NodeJS.ProcessEnv }[];
}): Promise<Evidence & { readonly events: readonly Record<string, unknown>[] }> {
  const { folder, run, overrides = [], clients } = options;
  const written = new Map<string, string[]>();
  const events: Record<string, unknown>[] = [];
  const children: { name: string; child: Child }[] = [];
  const start = (name: string, call: { entry: string; args: string[]; node?: string[]; env?: NodeJS.ProcessEnv }) =>
    new Promise<Record<string, unknown>>((first) => {
      const lines: string[] = [];
      written.set(name, lines);
      const child = runChild({
        ...call,
        log: join(folder, 'logs', `${name}.log`),
        heard(line) {
          lines.push(JSON.stringify(line));
          if (name === 'coordinator') events.push(line);
          else events.push({ ...line, from: name });
          first(line);
        },
      });
      children.push({ name, child });
      void child.exited.then(() => first({}));
    });
  const set = overrides.flatMap((text) => ['--set', text]);
  const listening = await start('coordinator', {
    entry: 'apps/coordinator/dist/main.js',
    node: COORDINATOR_FLAGS,
    args: ['start', run, ...set, '--folder', join(folder, 'run'), '--format', 'jsonl'],
  });
  if (listening['event'] !== 'listening') {
    await children[0]!.child.exited;
    throw new Error(`the coordinator did not begin: ${children[0]!.child.lastWords()}`);
  }
  const recording = await record(String(listening['url']));
  for (const { name, file, entry = 'apps/client/dist/main.js', env } of clients) {
    const state = ['--state', join(folder, 'state', name)];
    void start(name, {
      entry,
      args: ['join', recording.url, file, '--yes', '--threads', '1', ...state, '--format', 'jsonl'],
      ...(env ? { env } : {}),
    });
  }
  try {
    for (const { name, child } of children.slice(1)) {
      const { code } = await child.exited;
      // Whoever leaks may end as it likes: nobody waits for a run that it can no longer finish.
      if (code !== 0 && clients.every(({ entry }) => entry === undefined))
        throw new Error(`${name}: ${child.lastWords()}`);
      if (code !== 0) break;
    }
  } finally {
    for (const { child } of children) child.stop();
    await Promise.all(children.map(({ child }) => child.exited));
    await recording.close();
  }
  const evidence = new Map<string, Buffer>([
    ['up', recording.up()],
    ['down', recording.down()],
    ...filesBelow(join(folder, 'run')).map(
      (file) => [`folder ${file}`, readFileSync(join(folder, 'run', file))] as const,
    ),
  ]);
  for (const [name, lines] of written) {
    evidence.set(`${name} events`, Buffer.from(lines.join('\n')));
    evidence.set(`${name} log`, readFileSync(join(folder, 'logs', `${name}.log`)));
  }
  return Object.assign(evidence, { events });
}

const filesBelow = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    : [];
