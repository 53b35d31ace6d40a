import { createMachine, type Effect, type Plan, type RoundsEvent } from '@trunkline/coordinator';
import type { TrunklineError } from '@trunkline/protocol';
import { createLine } from '../../faults/simulator/line.ts';
import { newWay } from '../../faults/simulator/network.ts';
import { SLOWER } from '../../faults/simulator/storm.ts';
import { stepMs } from '../../faults/simulator/trainer.ts';
import { createWorld } from '../../faults/simulator/world.ts';

/** What befalls the clients of a round: shares of all calls, in [0, 1]. */
export interface Faults {
  /** The answer never arrives. */
  readonly lost: number;
  /** Each message takes sixty times as long. */
  readonly slow: number;
}

/** A round that the machine has closed. */
export interface ClosedRound {
  readonly round: number;
  readonly attempt: number;
  /** Who was called, in the order of ids. */
  readonly asked: readonly string[];
  /** Whose answers count, in the same order. */
  readonly answered: readonly string[];
}

/**
 * Who answers which round when, in virtual time: the coordinator's round machine, a line of the simulated network for each call, and nothing
 * that learns. What depends on time is settled here; the arithmetic of a closed round then needs one client after the other.
 */
export interface Schedule {
  /** The next round to close; null: the run is over. @throws WAITED_TOO_LONG */
  next(): Promise<ClosedRound | null>;
  /** Virtual milliseconds so far. */
  readonly now: number;
  /** Events so far. */
  readonly events: number;
}

export interface ScheduleOptions {
  readonly seed: number;
  readonly faults: Faults;
  /** Ids of the clients of a round. */
  readonly cohort: (round: number) => readonly string[];
}

export function createSchedule(plan: Plan, { seed, faults, cohort }: ScheduleOptions): Schedule {
  const { config, pace } = plan;
  const world = createWorld(seed, { traced: false, settles: false });
  const { random } = world;
  const coordinator = world.begin('coordinator');
  const devices = world.begin('clients');
  // Clients come for a round and go: nobody in particular is expected, and all scores are taken at the end.
  const machine = createMachine(
    {
      ...plan,
      config: { ...config, expect: [], optional: [], evaluateEvery: config.rounds, probeEvery: 0 },
      pace: { ...pace, patience: { ...pace.patience, mayLeave: true } },
    },
    { enough: () => false, durable: false },
  );
  const timers = new Map<string, () => void>();
  let asked: readonly string[] = [];
  let seated: readonly string[] = [];
  let closed: ClosedRound | undefined;
  let failed: TrunklineError | undefined;

  const feed = (event: RoundsEvent): void => machine.feed(event).forEach(carryOut);
  const carryOut = (effect: Effect): void => {
    switch (effect.do) {
      case 'open':
        asked = effect.clients;
        for (const client of asked) call(client, effect);
        return;
      case 'repeat':
        return call(effect.client, machine.state);
      case 'close':
        closed = { round: effect.round, attempt: effect.attempt, asked, answered: effect.clients };
        return;
      case 'evaluate':
        for (const client of effect.clients)
          feed({ type: 'scored', client, version: effect.version, split: effect.split });
        return;
      case 'timer':
        timers.get(effect.timer.name)?.();
        timers.set(
          effect.timer.name,
          world.after(effect.ms, 'timer', () => feed({ type: 'timer', timer: effect.timer }), coordinator),
        );
        return;
      case 'fail':
        failed = effect.error;
        return;
      default:
        // Nothing here is kept on a disk or told on a screen.
        return;
    }
  };

  /** One call and its answer, over a line of their own. What becomes of its arithmetic is not its business. */
  const call = (client: string, { round, attempt }: { round: number; attempt: number }) => {
    const way = newWay(client, random);
    if (random.uniform() < faults.slow) way.delayMs *= SLOWER;
    const lost = random.uniform() < faults.lost;
    const line = createLine(world, way, {
      coordinator: {
        process: coordinator,
        message: () => feed({ type: 'answered', client, round, attempt, sound: [], diverged: [] }),
        closed: () => undefined,
      },
      client: {
        process: devices,
        message() {
          way.blocked.up = lost;
          world.after(stepMs(random), 'step', () => line.emit('client', 'answered', []), devices);
        },
        closed: () => undefined,
      },
    });
    line.emit('coordinator', 'round', []);
  };

  /** While the machine is held, those of the next round take their seats, and the others leave theirs. */
  const change = () => {
    const next = cohort(machine.state.round);
    const [before, after] = [new Set(seated), new Set(next)];
    for (const client of next) if (!before.has(client)) feed({ type: 'joined', client, tasks: [] });
    for (const client of seated) if (!after.has(client)) feed({ type: 'left', client, goodbye: true });
    seated = next;
  };
  machine.begin().forEach(carryOut);
  feed({ type: 'pause' });
  change();

  return {
    get now() {
      return world.now;
    },
    get events() {
      return world.events;
    },
    async next() {
      if (closed) {
        const { round } = closed;
        closed = undefined;
        feed({ type: 'pause' });
        feed({ type: 'closed', round });
        if (machine.state.phase === 'training') change();
      }
      if (machine.state.phase === 'training') feed({ type: 'resume' });
      const over = () => closed !== undefined || failed !== undefined || machine.state.phase === 'finished';
      await world.run(over, { most: Infinity, untilMs: Infinity });
      if (failed) throw failed;
      return closed ?? null;
    },
  };
}
