import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runChild, type Child } from '../simulate/child.ts';
import { startMeasured, THIN_INPUT } from '../wire/measured-coordinator.ts';
import { openThinClient } from '../wire/thin-client.ts';
import { measured, type Benchmark, type Measured } from './benchmark.ts';
import type { LightClients } from './light-clients-process.ts';
import { peakOf } from './peak-of.ts';

const WANTED = 10_000;
/** Clients a process: socket.io's client is far heavier than a connection is at the coordinator. */
const A_PROCESS = 2_500;
/** 10 KB a contribution. */
const PARAMETERS = 2_500;
const BOUND_BYTES = 400e6;
const IDLE_BOUND_BYTES = 20 * 1024;
/** Descriptors that a process needs beside its clients' sockets. */
const OTHERS = 500;
const LIMIT_MS = 8 * 60_000;
const TASK = 'task';

/** How many clients one coordinator holds, and what each costs it while it waits. */
export const connectionsBenchmark: Benchmark = {
  name: 'connections',
  ids: ['C1', 'M3'],
  group: 'scale',
  summary: `${WANTED} clients over real sockets to one coordinator, through one whole round: its memory, and that of one idle connection.`,
  measure,
};

/** The descriptors that a process may hold, as Linux says it; elsewhere as many as are wanted. */
function descriptorLimit(): number {
  try {
    return Number(/Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Infinity);
  } catch {
    return Infinity;
  }
}

async function measure(say: (text: string) => void): Promise<Measured[]> {
  const most = descriptorLimit() - OTHERS;
  const count = Math.min(Number(process.env['TRUNKLINE_CONNECTIONS'] ?? WANTED), most);
  if (count < WANTED) say(`C1 with ${count} clients: a process may hold ${most + OTHERS} descriptors here`);
  const coordinator = await startMeasured({ parameters: PARAMETERS, tasks: [TASK], rounds: 2 });
  const { url, folder } = coordinator;
  const children: Child[] = [];
  // The first one opens round 0 alone and holds it until everyone is there: round 1 is the round of all.
  let everyone: () => void = () => undefined;
  const there = new Promise<void>((resolve) => (everyone = resolve));
  const gradient = new Float32Array(PARAMETERS);
  const gate = openThinClient({
    ...{ url, client: 'a-gate', task: TASK, input: THIN_INPUT, replica: true },
    ...{ gradient: () => gradient, delay: (round) => (round === 0 ? there : Promise.resolve()) },
  });
  const overdue = new Promise<never>((_, reject) => {
    const error = new Error(`${count} clients were not through one round after ${LIMIT_MS / 60_000} minutes`);
    setTimeout(() => reject(error), LIMIT_MS).unref();
  });
  overdue.catch(() => undefined);
  try {
    await Promise.race([gate.joined, overdue]);
    const before = await coordinator.read();
    const begun = performance.now();
    let ended: Record<string, unknown>[] = [];
    const arrivals = Array.from({ length: Math.ceil(count / A_PROCESS) }, (_, i) => {
      const from = i * A_PROCESS;
      const ask: LightClients = {
        ...{ url, task: TASK, from, parameters: PARAMETERS },
        count: Math.min(A_PROCESS, count - from),
      };
      return new Promise<void>((resolve, reject) => {
        const child = runChild({
          entry: 'test/dist/bench/light-clients-process.js',
          args: [JSON.stringify(ask)],
          log: join(folder, `light-${i}.log`),
          heard(line) {
            if (line['event'] === 'joined') resolve();
            else ended = [...ended, line];
          },
        });
        children.push(child);
        void child.exited.then(({ how }) => reject(new Error(`clients ended ${how}: ${child.lastWords()}`)));
      });
    });
    await Promise.race([Promise.all(arrivals), overdue]);
    const joinedS = (performance.now() - begun) / 1000;
    const idle = await coordinator.read();
    const each = (idle.rss - before.rss) / count;
    say(
      `${count} clients joined in ${joinedS.toFixed(1)} s; ${idle.descriptors} descriptors; resident ${megabytes(before.rss)} → ${megabytes(idle.rss)}, heap ${megabytes(before.heapUsed)} → ${megabytes(idle.heapUsed)}, ${(each / 1024).toFixed(1)} KB each`,
    );
    everyone();
    const round = await Promise.race([coordinator.until('round', (line) => line['round'] === 1), overdue]);
    const answered = Object.keys(round['clients'] as object).length;
    const { roundMs } = round['timing'] as { roundMs: number };
    const peak = peakOf(coordinator.child.process.pid!);
    say(`the round of all: ${answered} answers in ${(roundMs / 1000).toFixed(1)} s; peak ${megabytes(peak)}`);
    if (answered !== count + 1) throw new Error(`${answered} of ${count + 1} clients answered`);
    await Promise.race([Promise.all(children.map(({ exited }) => exited)), overdue]);
    const failed = ended.flatMap((line) => line['failed'] as string[]);
    say(
      `${ended.reduce((sum, line) => sum + Number(line['finished']), 0)} clients heard the end; ${failed.join('; ') || 'none failed'}`,
    );
    return [
      measured({
        id: 'C1',
        what: `${count} connected clients, one whole round of 10 KB each: the coordinator’s peak memory, against the bound`,
        ...{ ours: peak / 1e6, baseline: BOUND_BYTES / 1e6, unit: 'MB', goal: 1, better: 'lower' },
      }),
      measured({
        id: 'M3',
        what: `memory of one idle connection among ${count}, its seat included, against the bound`,
        ...{ ours: each / 1024, baseline: IDLE_BOUND_BYTES / 1024, unit: 'KB', goal: 1, better: 'lower' },
      }),
    ];
  } finally {
    gate.close();
    for (const child of children) child.process.kill('SIGKILL');
    coordinator.child.process.kill('SIGKILL');
    await Promise.all([...children, coordinator.child].map(({ exited }) => exited));
    rmSync(folder, { recursive: true, force: true });
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
