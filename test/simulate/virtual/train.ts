import { sendAnswer, type Answer } from '@trunkline/protocol/line';
import {
  bytePool,
  createTrunkStep,
  DIVERGED_ROUNDS,
  openIntake,
  shareOut,
  type Plan,
  type RoundIntake,
} from '@trunkline/coordinator';
import type { StepCall } from '@trunkline/model/learner';
import { fail, type AnsweredMessage, type TaskOffer } from '@trunkline/protocol';
import { codedWire } from '../coded.ts';
import { furtherCall } from '../rehearsal.ts';
import { drawCohort } from './cohort.ts';
import { createSchedule, type ClosedRound, type Faults } from './schedule.ts';

/** Whoever plays the clients of a run without sockets. All of it is asked anew each time: what a client holds between two rounds is its own matter. */
export interface Cast {
  /** How many there are. */
  readonly size: number;
  /** Ids, each its own. */
  name(place: number): string;
  /** What it brings, as it says on joining. */
  offers(place: number): readonly TaskOffer[] | Promise<readonly TaskOffer[]>;
  /** Its answer to a round, through the pipeline of what leaves a client. */
  answer(place: number, call: StepCall): VirtualAnswer | Promise<VirtualAnswer>;
}

export type VirtualAnswer = Pick<Answer, 'contributions' | 'losses'>;

export interface VirtualOptions {
  /** Share of the clients that each round calls, in (0, 1]; at least one is. */
  readonly sample: number;
  readonly faults: Faults;
  /**
   * `message`: each contribution is announced, sent in chunks, hashed and verified, as over a line. `memory`: it is handed over as it
   * is, for measurements of all the rest.
   */
  readonly handOver: 'message' | 'memory';
  readonly signal?: AbortSignal;
}

/** How a run of virtual clients went. */
export interface VirtualRun {
  readonly rounds: number;
  readonly theta: Float32Array;
  readonly asked: number;
  readonly answered: number;
  readonly virtualSeconds: number;
}

/**
 * A run in one process, whose clients exist only while they answer: the round machine, intake, ordered sum, strategy and optimiser are the
 * coordinator's, the pipeline is the client's; time, delays and losses are the simulator's. The clients of a round step one after the other in the
 * order of ids, which is the order of the sum, so that one gradient is held whatever their number. One seed gives one trunk.
 * @throws WAITED_TOO_LONG, TASK_DIVERGED, CONTRIBUTION_NOT_FINITE, CONTRIBUTION_NORM
 */
export async function trainVirtual(plan: Plan, cast: Cast, options: VirtualOptions): Promise<VirtualRun> {
  const { config } = plan;
  const { length } = plan.trunk.layout;
  const { seed } = config;
  const keeper = createTrunkStep(plan);
  const wire = codedWire(plan);
  const count = Math.max(1, Math.round(options.sample * cast.size));
  const places = new Map<string, number>();
  const schedule = createSchedule(plan, {
    seed,
    faults: options.faults,
    cohort(round) {
      places.clear();
      for (const place of drawCohort({ seed, round, clients: cast.size, count })) places.set(cast.name(place), place);
      return [...places.keys()];
    },
  });
  const memory = { sum: new Float64Array(plan.exchange === 'sum' ? length : 0), uploads: bytePool(1) };
  const streaks = new Map<string, number>();
  const hand: HandOver = handOver[options.handOver];
  let [asked, answered] = [0, 0];

  const close = async (closed: ClosedRound) => {
    const { round, attempt } = closed;
    const clients = [];
    for (const client of closed.asked) {
      const brought = cast.offers(places.get(client)!);
      clients.push({ client, offers: brought instanceof Promise ? await brought : brought });
    }
    const calls = shareOut(clients, config.weights, plan.pace.local?.weighBySamples);
    const intake = openIntake({
      ...{ round, attempt, exchange: plan.exchange, length },
      ...{ asked: calls, codec: plan.codecs.up, wants: plan.strategy.wants, maxNorm: config.maxNorm, memory },
    });
    const trunk = wire.broadcast(keeper);
    const heard: AnsweredMessage['losses'][number][] = [];
    const due = new Set(closed.answered);
    for (const { client, lambda, scale } of calls) {
      if (!due.has(client)) {
        // Not in the sum, and not waited for by those behind it.
        intake.answered(client, { ...nothing(round, attempt), version: keeper.version });
        continue;
      }
      const call: StepCall = {
        ...{ round, theta: trunk.theta, lambda, exchange: plan.exchange, probe: false },
        ...furtherCall(plan, trunk, scale),
      };
      const made = cast.answer(places.get(client)!, call);
      const { contributions, losses } = made instanceof Promise ? await made : made;
      const id = { round, attempt };
      const given = hand(intake, client, { id, contributions, losses, version: keeper.version, timing: NO_TIME });
      if (given) await given;
      for (const loss of losses) heard.push(loss);
      options.signal?.throwIfAborted();
    }
    keeper.advance(intake.answers());
    noteDiverged(streaks, heard, round);
    asked += closed.asked.length;
    answered += closed.answered.length;
  };
  for (let closed = await schedule.next(); closed; closed = await schedule.next()) await close(closed);
  return { rounds: keeper.version, theta: keeper.theta, asked, answered, virtualSeconds: schedule.now / 1000 };
}

const NO_TIME = { waitMs: 0, stepMs: 0, sendMs: 0 };
const nothing = (round: number, attempt: number) => ({
  ...{ round, attempt, losses: [], contributions: 0, timing: NO_TIME },
});

type HandOver = (intake: RoundIntake, client: string, answer: Answer) => void | Promise<void>;

const handOver: Record<VirtualOptions['handOver'], HandOver> = {
  message: (intake, client, answer) =>
    sendAnswer(
      {
        request: (async (event: string, message: never) =>
          event === 'contribution' ? intake.announce(client, message) : intake.answered(client, message)) as Parameters<
          typeof sendAnswer
        >[0]['request'],
        chunk: async (message, bytes) => intake.chunk(client, message, bytes),
        close: () => undefined,
      },
      answer,
      { use: async () => undefined },
    ),
  memory(intake, client, { id: { round, attempt }, version, contributions, losses, timing }) {
    for (const { message, bytes } of contributions) intake.restore(client, message, bytes);
    intake.answered(client, { round, attempt, version, losses, contributions: contributions.length, timing });
  },
};

/** A task none of whose clients has had a finite loss for `DIVERGED_ROUNDS` of the rounds that heard of it ends the run. */
function noteDiverged(streaks: Map<string, number>, losses: AnsweredMessage['losses'], round: number): void {
  const labelled = losses.filter((loss) => loss.labelled > 0);
  for (const task of new Set(labelled.map((loss) => loss.task))) {
    const sound = labelled.some((loss) => loss.task === task && loss.loss !== null);
    const streak = sound ? 0 : (streaks.get(task) ?? 0) + 1;
    streaks.set(task, streak);
    if (streak >= DIVERGED_ROUNDS)
      throw fail('TASK_DIVERGED', { task, client: 'each client of it', rounds: DIVERGED_ROUNDS, round });
  }
}
