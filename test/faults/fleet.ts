import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COORDINATOR_FLAGS, runChild, type Child, type Ending } from '../simulate/child.ts';
import type { Job } from '../simulate/job.ts';

/** A JSON line of a process: what it said, who, in which of its lives, and when (milliseconds of this process's clock). */
export interface Line {
  readonly from: string;
  readonly life: number;
  readonly at: number;
  readonly said: Readonly<Record<string, unknown>> & { readonly event?: string };
}

/** The processes of one run: a coordinator and its clients, each started again and again by the same command. */
export interface Fleet {
  /** Everything that was said, in the order in which it was heard. */
  readonly lines: readonly Line[];
  /** Starts a member, for the first time or again. The coordinator comes first: clients need its address. */
  start(member: string): Promise<void>;
  /** Sends a signal, and resolves when the process is gone; SIGSTOP and SIGCONT leave it. */
  signal(member: string, signal: NodeJS.Signals): Promise<void>;
  /** How the present life of a member ends. */
  ended(member: string): Promise<Ending>;
  /** Resolves with the first line from now on that fits, or with one that was heard already. Rejects when a member ends by itself with an error, and after `ms`. */
  until(fits: (line: Line) => boolean, options?: { ms?: number; from?: number }): Promise<Line>;
  /** When a life of a member began, the present one where none is named. */
  since(member: string, life?: number): number;
  /** Ends every process that is left. */
  close(): Promise<void>;
}

export const COORDINATOR = 'coordinator';

export interface FleetOptions {
  readonly folder: string;
  readonly job: Job;
  /** What is started in the coordinator's place, given its life and the run's folder. It may end by SIGKILL on its own. */
  readonly coordinator?: (life: number, folder: string) => { readonly entry: string; readonly args: readonly string[] };
  /** More for the coordinator's command line. */
  readonly args?: readonly string[];
  readonly clientArgs?: readonly string[];
  /** Where clients connect, given the coordinator's own address: a proxy, for example. */
  readonly address?: (url: string) => string | Promise<string>;
  readonly env?: NodeJS.ProcessEnv;
  /** The command that a member is started behind. */
  readonly behind?: (member: string) => readonly string[];
}

const PATIENCE_MS = 120_000;

export function openFleet({ folder, job, ...options }: FleetOptions): Fleet {
  const lines: Line[] = [];
  const lives = new Map<string, { child: Child; life: number; wanted: boolean }>();
  const begun = new Map<string, number>();
  const listeners = new Set<() => void>();
  let broken: Error | undefined;
  let address: Promise<string> | undefined;
  const tell = () => [...listeners].forEach((listen) => listen());

  const run = (member: string, program: { entry: string; args: readonly string[]; node?: readonly string[] }) => {
    const life = (lives.get(member)?.life ?? -1) + 1;
    const log = join(folder, 'logs', `${member}-${life}.log`);
    const child = runChild({
      ...program,
      log,
      ...(options.env ? { env: options.env } : {}),
      ...(options.behind ? { behind: options.behind(member) } : {}),
      heard(said) {
        lines.push({ from: member, life, at: performance.now(), said });
        tell();
      },
    });
    const mine = { child, life, wanted: false };
    begun.set(`${member} ${life}`, performance.now());
    lives.set(member, mine);
    void child.exited.then(({ code, how }) => {
      const own = member === COORDINATOR && options.coordinator !== undefined && code === null;
      if (code !== 0 && !mine.wanted && !own)
        broken ??= new Error(`${member}, life ${life}, ended ${how}: ${readFileSync(log, 'utf8').slice(-1_500)}`);
      tell();
    });
  };
  const set = job.overrides.flatMap((text) => ['--set', text]);
  const fleet: Fleet = {
    lines,
    async start(member) {
      if (member === COORDINATOR) {
        const place = join(folder, 'run');
        const life = (lives.get(member)?.life ?? -1) + 1;
        const program = options.coordinator?.(life, place) ?? {
          entry: 'apps/coordinator/dist/main.js',
          args: ['start', job.file, ...set, '--folder', place, '--format', 'jsonl', ...(options.args ?? [])],
        };
        run(member, { ...program, node: COORDINATOR_FLAGS });
        return;
      }
      address ??= fleet
        .until(({ from, said }) => from === COORDINATOR && said.event === 'listening')
        .then(({ said }) => (options.address ?? String)(String(said['url'])));
      const { file } = job.clients.find(({ config }) => config.client === member)!;
      const given = ['--yes', '--threads', '1', '--state', join(folder, 'state'), ...(options.clientArgs ?? [])];
      run(member, {
        entry: 'apps/client/dist/main.js',
        args: ['join', await address, file, ...given, '--format', 'jsonl'],
      });
    },
    async signal(member, signal) {
      const life = lives.get(member)!;
      life.wanted ||= signal !== 'SIGSTOP' && signal !== 'SIGCONT';
      life.child.process.kill(signal);
      if (life.wanted) await life.child.exited;
    },
    ended: (member) => lives.get(member)!.child.exited,
    since: (member, life = lives.get(member)!.life) => begun.get(`${member} ${life}`)!,
    until(fits, { ms = PATIENCE_MS, from = 0 } = {}) {
      let next = from;
      return new Promise((resolve, reject) => {
        const finish = () => {
          clearTimeout(timer);
          listeners.delete(listen);
        };
        const listen = () => {
          while (next < lines.length) {
            const line = lines[next++]!;
            if (!fits(line)) continue;
            finish();
            return resolve(line);
          }
          if (!broken) return;
          finish();
          reject(broken);
        };
        const timer = setTimeout(() => {
          finish();
          const last = [...lives.keys()].map((member) => {
            const line = lines.findLast(({ from }) => from === member);
            return `${member}: ${JSON.stringify(line?.said)?.slice(0, 200)}`;
          });
          reject(new Error(`nothing of the kind within ${ms} ms; the last words were\n${last.join('\n')}`));
        }, ms);
        listeners.add(listen);
        listen();
      });
    },
    async close() {
      for (const life of lives.values()) {
        life.wanted = true;
        life.child.process.kill('SIGCONT');
        life.child.process.kill('SIGKILL');
      }
      await Promise.all([...lives.values()].map(({ child }) => child.exited));
    },
  };
  return fleet;
}
