import { rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { allFinite } from '@trunkline/model/aggregation';
import { bytesOf, sha256, type ContributionMessage } from '@trunkline/protocol';
import { contributionText, verifierOf } from '@trunkline/protocol/seal';
import { holding, saying, strangerAt } from '../door/stranger.ts';
import { startMeasured, THIN_INPUT } from '../wire/measured-coordinator.ts';
import { identityOf, openThinClient } from '../wire/thin-client.ts';
import { measured, median, type Benchmark, type Measured } from './benchmark.ts';

const STRANGERS = 500;
const PARAMETERS = 20_000;
/** Rounds of one phase; phases with and without strangers take turns. */
const PHASE = 150;
const PHASES = 8;
const WARM_UP = 100;
/** Of the main job's trunk. */
const MAIN_JOB = 139_456;
const TIMES = 300;

/** What it costs an honest client that strangers stand at the door, and that what it sends is signed. */
export const doorBenchmark: Benchmark = {
  name: 'door',
  group: 'scale',
  summary: `Rounds of two clients while ${STRANGERS} strangers are at the door, against rounds without; a contribution taken in with its signature, against one without.`,
  measure: async (say) => [await strangers(say), signatures()],
};

async function strangers(say: (text: string) => void): Promise<Measured> {
  const tasks = ['a', 'b'];
  const rounds = WARM_UP + PHASE * PHASES;
  const coordinator = await startMeasured({ parameters: PARAMETERS, tasks, rounds });
  const gradient = new Float32Array(PARAMETERS).fill(0.001);
  const clients = tasks.map((task) =>
    openThinClient({ url: coordinator.url, client: task, task, input: THIN_INPUT, gradient: () => gradient }),
  );
  const words = [...saying({}), ...holding];
  const crowd: Socket[] = [];
  const leave = () => crowd.splice(0).forEach((socket) => socket.destroy());
  try {
    const quiet: number[] = [];
    const crowded: number[] = [];
    for (let phase = 0; phase < PHASES; phase++) {
      const from = WARM_UP + phase * PHASE;
      await coordinator.until('round', (line) => line['round'] === from - 1);
      if (phase % 2 === 0) leave();
      else
        for (let i = 0; i < STRANGERS; i++)
          crowd.push((await strangerAt(coordinator.url, words[i % words.length]!)).socket);
    }
    await Promise.all(clients.map(({ done }) => done));
    for (const line of coordinator.events) {
      const round = Number(line['round']) - WARM_UP;
      if (line['event'] !== 'round' || round < 0) continue;
      const { roundMs } = line['timing'] as { roundMs: number };
      (Math.floor(round / PHASE) % 2 === 0 ? quiet : crowded).push(roundMs);
    }
    say(`a round takes ${median(quiet).toFixed(2)} ms, with strangers ${median(crowded).toFixed(2)}`);
    return measured({
      id: 'S2-rounds',
      what: `milliseconds a round of two clients with ${STRANGERS} strangers at the door, against none`,
      ours: median(crowded),
      baseline: median(quiet),
      unit: 'ms',
      goal: 1.2,
      better: 'lower',
    });
  } finally {
    leave();
    for (const client of clients) client.close();
    coordinator.child.process.kill('SIGKILL');
    rmSync(coordinator.folder, { recursive: true, force: true });
  }
}

/** Hashing and checking what has arrived, as the intake does, and the signature's check before it, as the door does. */
function signatures(): Measured {
  const values = new Float32Array(MAIN_JOB).fill(0.001);
  const bytes = bytesOf(values);
  const identity = identityOf('a');
  const verify = verifierOf(identity.key)!;
  const message: ContributionMessage = {
    ...{ round: 1, attempt: 0, version: 1, kind: 'sum', tasks: ['a'], encoding: 'f32' },
    ...{ bytes: bytes.byteLength, sha256: sha256(bytes) },
  };
  const text = contributionText({ run: 'bench', client: 'a' }, message);
  const signature = identity.sign(text);
  const taken = (signed: boolean): number => {
    const begun = performance.now();
    const holds = (!signed || verify(text, signature)) && sha256(bytes) === message.sha256 && allFinite(values);
    const ms = performance.now() - begun;
    return holds ? ms : Infinity;
  };
  const [signed, plain]: [number[], number[]] = [[], []];
  for (let i = 0; i < TIMES; i++) {
    signed.push(taken(true));
    plain.push(taken(false));
  }
  return measured({
    id: 'door-signature',
    what: 'a contribution of the main job checked with its Ed25519 signature, against hash and finiteness alone',
    ours: median(signed),
    baseline: median(plain),
    unit: 'ms',
    goal: 1.5,
    better: 'lower',
  });
}
