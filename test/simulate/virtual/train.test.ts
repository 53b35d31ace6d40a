import { createTrunkStep, fillRun, orderedSum, planRun, type Plan } from '@trunkline/coordinator';
import { bytesOf, sha256 } from '@trunkline/protocol';
import { flatDigest } from '@trunkline/model/layout';
import { randomStream } from '@trunkline/model/random';
import { describe, expect, it } from 'vitest';
import { drawCohort } from './cohort.ts';
import { trainVirtual, type Cast, type VirtualOptions } from './train.ts';

const CLIENTS = 60;
const ROUNDS = 12;
const WIDTH = 6;

function planOf(settings: Record<string, unknown> = {}): Plan {
  const value = {
    run: 'virtual',
    seed: 5,
    trunk: { input: [3], layers: [{ dense: { units: 2, useBias: false } }] },
    optimizer: { momentum: { learningRate: 0.1 } },
    mode: { sync: { onMissing: 'proceed', deadlineMs: 2_000 } },
    rounds: ROUNDS,
    ...settings,
  };
  return planRun(fillRun({ name: 'x', file: 'x', folder: '.', overrides: [], value, at: () => 'x' }));
}

const gradientOf = (place: number, round: number, theta: Float32Array): Float32Array => {
  const random = randomStream(9, 'played', place, round);
  return theta.map((value) => 0.1 * value + random.normal());
};
const nameOf = (place: number) => `client-${String(place).padStart(3, '0')}`;

/** Clients whose gradients depend on the trunk; `called` hears who answered. */
function playedCast(loss: number | null = 1): Cast & { called: [number, number][]; mostAtOnce: number } {
  let now = 0;
  const cast = {
    called: [] as [number, number][],
    mostAtOnce: 0,
    size: CLIENTS,
    name: nameOf,
    offers: (place: number) => [
      { id: 'task', replica: true, head: 'tiny', output: [3], labelled: 4 + (place % 3), metrics: [] },
    ],
    async answer(place: number, { round, theta }: { round: number; theta: Float32Array }) {
      cast.called.push([round, place]);
      cast.mostAtOnce = Math.max(cast.mostAtOnce, ++now);
      await Promise.resolve();
      now--;
      const bytes = bytesOf(gradientOf(place, round, theta));
      const message = {
        ...{ round, attempt: 0, version: round, kind: 'sum' as const, tasks: ['task'] },
        ...{ bytes: bytes.byteLength, sha256: sha256(bytes), encoding: 'f32' as const },
      };
      return { contributions: [{ message, bytes }], losses: [{ task: 'task', loss, labelled: 4 }] };
    },
  };
  return cast;
}

const calm: VirtualOptions = { sample: 1, faults: { lost: 0, slow: 0 }, handOver: 'message' };
const stormy: VirtualOptions = { sample: 0.5, faults: { lost: 0.2, slow: 0.3 }, handOver: 'message' };

describe('a run of virtual clients', () => {
  it('ends in the bytes of the ordered sum of all clients, worked out by hand', async () => {
    const plan = planOf();
    const { theta } = await trainVirtual(plan, playedCast(), calm);
    const keeper = createTrunkStep(plan);
    const places = Array.from({ length: CLIENTS }, (_, place) => place);
    for (let round = 0; round < ROUNDS; round++) {
      const sum = orderedSum(WIDTH, places.map(nameOf));
      // Whoever is added first does not matter.
      for (const place of [...places].reverse()) sum.put(nameOf(place), gradientOf(place, round, keeper.theta));
      keeper.advance({ exchange: 'sum', sum: sum.finish(), tasks: CLIENTS });
    }
    expect(flatDigest(theta)).toBe(flatDigest(keeper.theta));
  });

  it('gives one trunk for one seed, whatever way contributions are handed over, and another for another seed', async () => {
    const first = await trainVirtual(planOf(), playedCast(), stormy);
    const again = await trainVirtual(planOf(), playedCast(), { ...stormy, handOver: 'memory' });
    const other = await trainVirtual(planOf({ seed: 6 }), playedCast(), stormy);
    expect(again).toEqual(first);
    expect(flatDigest(other.theta)).not.toBe(flatDigest(first.theta));
  });

  it('calls half of the clients a round, loses a fifth of their answers, and lets nobody else step', async () => {
    const cast = playedCast();
    const run = await trainVirtual(planOf(), cast, stormy);
    expect(run.rounds).toBe(ROUNDS);
    expect(run.asked).toBe((ROUNDS * CLIENTS) / 2);
    expect(run.answered).toBe(cast.called.length);
    expect(run.answered / run.asked).toBeGreaterThan(0.6);
    expect(run.answered / run.asked).toBeLessThan(0.95);
    const cohortOf = (round: number) => drawCohort({ seed: 5, round, clients: CLIENTS, count: CLIENTS / 2 });
    for (const [round, place] of cast.called) expect(cohortOf(round)).toContain(place);
    // One gradient at a time, whatever their number.
    expect(cast.mostAtOnce).toBe(1);
  });

  it('asks again for what was lost where the run waits, and gives up in virtual time where nothing ever comes', async () => {
    const waiting = planOf({ mode: { sync: { deadlineMs: 2_000, giveUpAfterMs: 60_000 } } });
    const run = await trainVirtual(waiting, playedCast(), stormy);
    expect(run.answered).toBe(run.asked);
    await expect(
      trainVirtual(waiting, playedCast(), { ...stormy, faults: { lost: 1, slow: 0 } }),
    ).rejects.toMatchObject({ code: 'WAITED_TOO_LONG' });
  });

  it('adds rows of every task where the strategy needs them', async () => {
    const plan = planOf({ exchange: 'rows' });
    const cast = playedCast();
    const rows: Cast = {
      ...cast,
      async answer(place, call) {
        const { contributions, losses } = await cast.answer(place, call);
        return {
          losses,
          contributions: contributions.map(({ message, bytes }) => ({
            message: { ...message, kind: 'row' as const },
            bytes,
          })),
        };
      },
    };
    const { theta } = await trainVirtual(plan, rows, stormy);
    expect(theta.every(Number.isFinite)).toBe(true);
    expect(flatDigest(theta)).not.toBe(flatDigest(createTrunkStep(plan).theta));
  });

  it('ends where no client of a task has had a finite loss for ten rounds', async () => {
    await expect(trainVirtual(planOf(), playedCast(null), stormy)).rejects.toMatchObject({ code: 'TASK_DIVERGED' });
  });
});

describe('a cohort', () => {
  it('has so many different clients in order, other ones each round, and every client sooner or later', () => {
    const seen = new Set<number>();
    for (let round = 0; round < 60; round++) {
      const drawn = drawCohort({ seed: 1, round, clients: 1_000_000, count: 50 });
      expect(new Set(drawn).size).toBe(50);
      expect([...drawn].sort((a, b) => a - b)).toEqual(drawn);
      for (const place of drawCohort({ seed: 1, round, clients: 40, count: 8 })) seen.add(place);
    }
    expect(seen.size).toBe(40);
    expect(drawCohort({ seed: 1, round: 0, clients: 3, count: 9 })).toEqual([0, 1, 2]);
  });
});
