import { readFileSync, rmSync } from 'node:fs';
import { createInbox } from '@trunkline/protocol/line';
import { startMeasured, THIN_INPUT } from '../wire/measured-coordinator.ts';
import { openThinClient, type ThinClient } from '../wire/thin-client.ts';
import { measured, median, type Benchmark } from './benchmark.ts';
import { ticksOf } from './children-cpu.ts';
import { cpuMs } from './forked.ts';
import { interleaved } from './interleaved.ts';
import { openSide, type Sender } from './transport-sides.ts';

const CLIENTS = 8;
/** Of float32: 40 MB a vector, 640 MB a round. */
const PARAMETERS = 10_000_000;
const CYCLES = 7;
/** No further cycle begins after this, and nothing is waited for longer. */
const [BOUND_MS, PATIENCE_MS] = [40_000, 120_000];
/** More than are played: the run never ends by itself. */
const ROUNDS = 1_000;

/**
 * A whole synchronous round without training: eight contributions up, hashed, checked and added, the trunk moved, hashed and sent to everyone, whose
 * clients check its hash; against the same bytes over plain TCP, which nobody looks at. The eight clients share one process on both sides.
 */
export const roundBenchmark: Benchmark = {
  name: 'round',
  ids: ['E1', 'E3'],
  group: 'step',
  summary: `A float32 round of ${CLIENTS} clients and ${PARAMETERS / 1e6} M parameters without training, against raw TCP of the same bytes: its time, and the coordinator's CPU.`,
  async measure(say) {
    const ours = await openRounds();
    const raw = await openSide('raw');
    try {
      const lines: Sender[] = [];
      while (lines.length < CLIENTS) lines.push(await raw.open());
      const bytes = new Uint8Array(PARAMETERS * 4).fill(7);
      const server = { ours: [] as number[], raw: [] as number[] };
      const counted = (name: keyof typeof server, cpu: () => Promise<number>, play: () => Promise<unknown>) => ({
        cpu: async () => cpuMs() + (await cpu()),
        async run() {
          const [before, begun] = [await cpu(), performance.now()];
          await patiently(play());
          const ms = performance.now() - begun;
          server[name].push((await cpu()) - before);
          return ms;
        },
      });
      const what = `a round of ${CLIENTS} × ${PARAMETERS / 1e6} M float32 up and down, without training, against raw TCP of the same bytes`;
      const [mine, theirs] = await interleaved(
        what,
        [
          counted('ours', async () => ours.cpuMs(), ours.play),
          counted(
            'raw',
            () => raw.server.ask<number>('cpu'),
            async () => {
              await Promise.all(lines.map((line) => line.send(bytes)));
              await raw.server.ask('broadcast', { values: PARAMETERS, lines: CLIENTS });
            },
          ),
        ],
        { say, boundMs: BOUND_MS, cycles: CYCLES },
      );
      const coordinator = median(server.ours.slice(1));
      const plain = median(server.raw.slice(1));
      return [
        measured({ id: 'E1', what, ours: mine, baseline: theirs, unit: 'ms', goal: 1.25, better: 'lower' }),
        measured({
          ...{ id: 'E3', what: 'the coordinator’s CPU in that round, against the raw server’s' },
          ...{ ours: coordinator, baseline: plain, unit: 'ms', goal: 1.3, better: 'lower' },
        }),
      ];
    } finally {
      await ours.close();
      await raw.close();
    }
  },
};

async function patiently<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`a round takes longer than ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
  });
  return Promise.race([work, over]).finally(() => clearTimeout(timer));
}

/** A coordinator as it runs, whose clients answer when they are told to. */
async function openRounds() {
  const tasks = Array.from({ length: CLIENTS }, (_, place) => `task-${place}`);
  const coordinator = await startMeasured({
    ...{ parameters: PARAMETERS, tasks, rounds: ROUNDS, more: 'checkpointEvery: 100000\n' },
  });
  const pid = coordinator.child.process.pid!;
  const gradient = new Float32Array(PARAMETERS).fill(0.001);
  let held: (() => void)[] = [];
  let everyone: () => void = () => undefined;
  const allThere = () => new Promise<void>((resolve) => (everyone = resolve));
  let there = allThere();
  // Called once a client has the trunk of the round: where all have it the round before is over.
  const delay = () =>
    new Promise<void>((resolve) => {
      held.push(resolve);
      if (held.length === CLIENTS) everyone();
    });
  const clients: ThinClient[] = tasks.map((task) =>
    openThinClient({
      ...{ url: coordinator.url, client: task, task, input: THIN_INPUT, gradient: () => gradient, delay },
      inbox: createInbox(PARAMETERS),
    }),
  );
  const refused = Promise.race(clients.map(({ done }) => done)).then(() => {
    throw new Error('the run ended');
  });
  refused.catch(() => undefined);
  await patiently(Promise.race([there, refused]));
  return {
    cpuMs: () => ticksOf(readFileSync(`/proc/${pid}/stat`, 'utf8')) * 10,
    play: async () => {
      there = allThere();
      for (const answer of held.splice(0)) answer();
      await Promise.race([there, refused]);
    },
    async close() {
      held = [];
      for (const client of clients) client.close();
      coordinator.child.process.kill('SIGKILL');
      await coordinator.child.exited;
      rmSync(coordinator.folder, { recursive: true, force: true });
    },
  };
}
