import { readFileSync, rmSync } from 'node:fs';
import { createErrorFeedback, decodeValues } from '@trunkline/model/codec';
import { CAPABILITIES, type DownlinkCodec, type UplinkCodec } from '@trunkline/protocol';
import { createInbox } from '@trunkline/protocol/line';
import { startMeasured, THIN_INPUT } from '../wire/measured-coordinator.ts';
import { openThinClient, type ThinClient, type ThinClientOptions } from '../wire/thin-client.ts';
import { measured, median, type Benchmark } from './benchmark.ts';
import { ticksOf } from './children-cpu.ts';
import { cpuMs } from './forked.ts';
import { interleaved, type TimedSide } from './interleaved.ts';
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
 * clients check its hash; as float32 and as int8 both ways, against the same vectors as float32 over plain TCP, which nobody looks at. The eight
 * clients share one process on all sides.
 */
export const roundBenchmark: Benchmark = {
  name: 'round',
  ids: ['E1', 'E2', 'E3'],
  group: 'step',
  summary: `A round of ${CLIENTS} clients and ${PARAMETERS / 1e6} M parameters without training, as float32 and as int8, against raw TCP of float32: its time, and the coordinator's CPU.`,
  async measure(say) {
    const plain = await openRounds();
    const coded = await openRounds(INT8);
    const raw = await openSide('raw');
    try {
      const lines: Sender[] = [];
      while (lines.length < CLIENTS) lines.push(await raw.open());
      const bytes = new Uint8Array(PARAMETERS * 4).fill(7);
      const server: number[][] = [[], [], []];
      const side = (place: number, cpu: () => Promise<number>, play: () => Promise<unknown>): TimedSide => ({
        cpu: async () => cpuMs() + (await cpu()),
        async run(counted) {
          const [before, begun] = [await cpu(), performance.now()];
          await patiently(play());
          const ms = performance.now() - begun;
          if (counted) server[place]!.push((await cpu()) - before);
          return ms;
        },
      });
      const of = `a round of ${CLIENTS} × ${PARAMETERS / 1e6} M`;
      const sides = [
        side(0, async () => plain.cpuMs(), plain.play),
        side(1, async () => coded.cpuMs(), coded.play),
        side(
          2,
          () => raw.server.ask<number>('cpu'),
          async () => {
            await Promise.all(lines.map((line) => line.send(bytes)));
            await raw.server.ask('broadcast', { values: PARAMETERS, lines: CLIENTS });
          },
        ),
      ] as const;
      const course = { say, boundMs: BOUND_MS, cycles: CYCLES };
      const [float32, int8, theirs] = await interleaved(`${of} as float32; against int8 and raw TCP`, sides, course);
      const [ofFloat32, ofInt8, ofRaw] = server.map(median) as [number, number, number];
      say(`the server’s CPU in that round: float32 ${ofFloat32} ms, int8 ${ofInt8} ms, raw ${ofRaw} ms`);
      const claim = { unit: 'ms', better: 'lower' } as const;
      return [
        measured({
          ...{
            ...claim,
            id: 'E1',
            what: `${of} float32 up and down, without training, against raw TCP of the same bytes`,
          },
          ...{ ours: float32, baseline: theirs, goal: 1.25 },
        }),
        measured({
          ...{
            ...claim,
            id: 'E2',
            what: `${of} values as int8 up, with error feedback, and down, against raw TCP of float32`,
          },
          ...{ ours: int8, baseline: theirs, goal: 0.45 },
        }),
        measured({
          ...{ ...claim, id: 'E3', what: 'the coordinator’s CPU in the float32 round, against the raw server’s' },
          ...{ ours: ofFloat32, baseline: ofRaw, goal: 1.3 },
        }),
      ];
    } finally {
      await plain.close();
      await coded.close();
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

/** How contributions and trunks are written. */
interface Codecs {
  readonly codec: { readonly up: UplinkCodec; readonly down: DownlinkCodec };
  /** Of the run file. */
  readonly text: string;
}

const INT8: Codecs = {
  codec: { up: { name: 'int8' }, down: { name: 'int8' } },
  text: 'codec: { up: int8, down: int8 }\n',
};

/** A coordinator as it runs, whose clients answer when they are told to. */
async function openRounds(codecs?: Codecs) {
  const tasks = Array.from({ length: CLIENTS }, (_, place) => `task-${place}`);
  const more = `checkpointEvery: 100000\n${codecs?.text ?? ''}`;
  const coordinator = await startMeasured({ ...{ parameters: PARAMETERS, tasks, rounds: ROUNDS, more } });
  const pid = coordinator.child.process.pid!;
  const gradient = new Float32Array(PARAMETERS).map((_, i) => 0.001 * ((i % 255) - 127));
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
      ...writing(codecs),
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

/** What a client does with what it sends and gets. */
function writing(codecs: Codecs | undefined): Pick<ThinClientOptions, 'inbox' | 'codec'> {
  if (!codecs) return { inbox: createInbox(PARAMETERS) };
  const { up, down } = codecs.codec;
  const feedback = createErrorFeedback(up, PARAMETERS);
  return {
    inbox: createInbox(PARAMETERS, { codec: down, decode: decodeValues }),
    codec: { capabilities: CAPABILITIES, write: (values) => feedback.encode('sum', values) },
  };
}
