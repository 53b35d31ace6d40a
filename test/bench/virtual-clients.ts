import { fillRun, planRun } from '@trunkline/coordinator';
import { bytesOf, sha256 } from '@trunkline/protocol';
import { flatDigest } from '@trunkline/model/layout';
import { randomStream } from '@trunkline/model/random';
import { measured, median, type Benchmark, type Measured } from './benchmark.ts';
import { trainVirtual, type Cast, type VirtualAnswer, type VirtualRun } from '../simulate/virtual/train.ts';

const MANY = { clients: 100_000, parameters: 25_000, rounds: 1 };
const LONG = { clients: 1_000, parameters: 40, rounds: 1_000 };
const LONG_BOUND_S = 30;
const CYCLES = 3;
/** As many different gradients as fill a processor's nearest cache a few times over; who makes them is not measured. */
const VARIETY = 32;
const FAULTS = { lost: 0.02, slow: 0.05 };

/** Clients without sockets: how many a round can count, and how fast rounds of virtual time go by. */
export const virtualClientsBenchmark: Benchmark = {
  name: 'virtual',
  ids: ['C2', 'C3'],
  group: 'scale',
  summary: `${MANY.clients} virtual clients in one round against Buffer.copy of their bytes; ${LONG.clients} clients through ${LONG.rounds} rounds of virtual time.`,
  async measure(say) {
    return [await manyClients(say), await longRun(say)];
  },
};

async function manyClients(say: (text: string) => void): Promise<Measured> {
  const { clients, parameters, rounds } = MANY;
  const cast = playedCast(clients, parameters);
  const bytes = clients * parameters * 4;
  const [ours, baseline]: [number[], number[]] = [[], []];
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const copied = copySeconds(clients, parameters);
    const begun = performance.now();
    await play(cast, { parameters, rounds });
    const seconds = (performance.now() - begun) / 1000;
    say(
      `C2, cycle ${cycle + 1}: ${seconds.toFixed(2)} s a round, ${((seconds / clients) * 1e6).toFixed(1)} µs a client; copying takes ${copied.toFixed(2)} s`,
    );
    ours.push(bytes / seconds / 1e9);
    baseline.push(bytes / copied / 1e9);
  }
  return measured({
    id: 'C2',
    what: `${clients} virtual clients × ${parameters} values a round, against Buffer.copy of the same bytes`,
    ours: median(ours),
    baseline: median(baseline),
    unit: 'GB/s',
    goal: 0.5,
    better: 'higher',
  });
}

async function longRun(say: (text: string) => void): Promise<Measured> {
  const { clients, parameters, rounds } = LONG;
  const cast = playedCast(clients, parameters);
  const runs: { seconds: number; run: VirtualRun }[] = [];
  for (let time = 0; time < 2; time++) {
    const begun = performance.now();
    const run = await play(cast, { parameters, rounds });
    runs.push({ seconds: (performance.now() - begun) / 1000, run });
    const { virtualSeconds, answered, asked } = run;
    say(
      `C3: ${runs.at(-1)!.seconds.toFixed(1)} s for ${virtualSeconds.toFixed(0)} virtual seconds; ${answered} of ${asked} calls answered; trunk ${flatDigest(run.theta).slice(0, 12)}`,
    );
  }
  const [first, second] = runs.map(({ run }) => flatDigest(run.theta));
  if (first !== second) throw new Error(`one seed gave two trunks: ${first} and ${second}`);
  return measured({
    id: 'C3',
    what: `${clients} clients × ${rounds} rounds of virtual time with losses and slow lines, twice to the same bytes, against the bound`,
    ours: median(runs.map(({ seconds }) => seconds)),
    baseline: LONG_BOUND_S,
    unit: 's',
    goal: 1,
    better: 'lower',
  });
}

function play(cast: Cast, { parameters, rounds }: { parameters: number; rounds: number }): Promise<VirtualRun> {
  const value = {
    run: 'virtual',
    trunk: { input: [4], layers: [{ dense: { units: parameters / 4, useBias: false } }] },
    optimizer: { sgd: { learningRate: 0.01 } },
    mode: { sync: { onMissing: 'proceed', deadlineMs: 2_000 } },
    rounds,
  };
  const source = { name: 'virtual', file: 'virtual', folder: '.', overrides: [], value, at: () => 'virtual' };
  return trainVirtual(planRun(fillRun(source)), cast, { sample: 1, faults: FAULTS, handOver: 'memory' });
}

/** Clients whose gradients were made before. */
function playedCast(clients: number, parameters: number): Cast {
  const random = randomStream(1, 'bench', 'virtual');
  const gradients = Array.from({ length: VARIETY }, () => {
    const bytes = bytesOf(Float32Array.from({ length: parameters }, () => random.normal()));
    return { bytes, sha256: sha256(bytes) };
  });
  const offers = [{ id: 'task', replica: true, head: 'tiny', output: [4], labelled: 8, metrics: [] }];
  let answers: VirtualAnswer[] = [];
  let answersOf = -1;
  const digits = String(clients - 1).length;
  return {
    size: clients,
    name: (place) => `client-${String(place).padStart(digits, '0')}`,
    offers: () => offers,
    answer(place, { round }) {
      if (round !== answersOf) [answers, answersOf] = [gradients.map((gradient) => answerTo(round, gradient)), round];
      return answers[(place * 7) % VARIETY]!;
    },
  };
}

const answerTo = (round: number, { bytes, sha256: hash }: { bytes: Uint8Array; sha256: string }): VirtualAnswer => ({
  contributions: [
    {
      message: {
        ...{ round, attempt: 0, version: round, kind: 'sum', tasks: ['task'] },
        ...{ bytes: bytes.byteLength, sha256: hash, encoding: 'f32' },
      },
      bytes,
    },
  ],
  losses: [{ task: 'task', loss: 1, labelled: 8 }],
});

function copySeconds(clients: number, parameters: number): number {
  const from = Array.from({ length: VARIETY }, () => Buffer.alloc(parameters * 4, 1));
  const to = Buffer.alloc(parameters * 4);
  const begun = performance.now();
  for (let client = 0; client < clients; client++) from[(client * 7) % VARIETY]!.copy(to);
  return (performance.now() - begun) / 1000;
}
