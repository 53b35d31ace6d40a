import { limits, type AnsweredMessage, type Clock, type CoordinatorMessage, type Welcome } from '@trunkline/protocol';
import { createCredit, sendAnswer, type Answer, type Inbox, type Link } from '@trunkline/protocol/line';
import type { Trunk } from '@trunkline/model/trunk';
import { createRecorder } from '../journal/recorder.ts';
import { createRoundDesk, type DeskPlan } from '../round-desk.ts';
import { createTimers } from '../timers.ts';
import type { Desk } from '../desk.ts';
import type { RunEvent } from '../run-events.ts';
import type { Crew } from './crew.ts';
import { relayedAnswer } from './relayed-answer.ts';
import { afterAnswer } from './standing.ts';

/** Rounds on their way through a relay: called above, answered below, added, and answered above. */
export interface RoundRelay {
  /** Calls all clients to it, or sends its answer again; resolves when the answer is above. */
  work(call: CoordinatorMessage<'round'>): Promise<void>;
  readonly desk: Desk;
  /** A client's answer is complete. @throws CONTRIBUTION_STALE, MESSAGE_INVALID */
  answered(client: string, message: AnsweredMessage): void;
  /** Clients whose answer to the open round is due, in client order. */
  readonly due: () => string[];
  /** Whether this client has answered the round that the relay is at. */
  hasAnswered(client: string): boolean;
  readonly credit: (chunks: number) => void;
  /** Everyone goes back: nothing that is open is wanted any more. */
  drop(): void;
}

export interface RoundRelayDeps {
  readonly welcome: Welcome;
  readonly trunk: Trunk;
  readonly crew: Crew;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly link: () => Link;
  readonly emit: (event: RunEvent) => void;
  readonly traffic: () => { up: number; down: number };
  readonly during: (task: Promise<unknown>) => void;
}

interface Open {
  readonly call: CoordinatorMessage<'round'>;
  readonly begun: number;
  readonly waitMs: number;
  readonly asked: readonly string[];
  readonly messages: Map<string, AnsweredMessage>;
}

export function createRoundRelay({ welcome, trunk, crew, inbox, clock, ...deps }: RoundRelayDeps): RoundRelay {
  const credit = createCredit();
  let open: Open | undefined;
  /** Its trunk is still on the way. */
  let awaited: CoordinatorMessage<'round'> | undefined;
  let answer: Answer | undefined;
  let last: CoordinatorMessage<'round'> | undefined;
  let traffic = deps.traffic();
  let closedAt = clock.now();
  const plan: DeskPlan = {
    exchange: welcome.exchange,
    codecs: {},
    trunk,
    config: { probeEvery: 0, warmup: welcome.warmup, maxNorm: undefined, uploadsMb: limits.uploadsMb },
    pace: {
      patience: {
        get deadlineMs() {
          return last?.deadlineMs ?? 0;
        },
      },
    },
    strategy: { wants: welcome.wants ?? [] },
  };
  const { members, delivery } = crew;
  const recorder = createRecorder(null);
  const desk = createRoundDesk(plan, {
    ...{ members, delivery, clock, recorder, keeper: crew, timers: createTimers(clock) },
    best: () => last?.best ?? null,
  });
  const isFor = (one: { round: number; attempt: number } | undefined, call: { round: number; attempt: number }) =>
    one?.round === call.round && one.attempt === call.attempt;
  const due = () => open?.asked.filter((client) => !open!.messages.has(client)) ?? [];

  const close = ({ call, begun, waitMs, messages }: Open) => {
    const { round, attempt, version } = call;
    const answersMs = clock.now() - begun - waitMs;
    const { answers, probes, losses, timings } = desk.close();
    const id = { round, attempt };
    const made = relayedAnswer({ id, version, clients: crew.brought(), messages, answers, probes });
    const now = clock.now();
    const aggregateMs = now - begun - waitMs - answersMs;
    answer = { ...made, timing: { waitMs, stepMs: answersMs, sendMs: aggregateMs } };
    open = undefined;
    const after = deps.traffic();
    deps.emit({
      ...{ event: 'round', round, attempt, weights: null, stationary: false },
      losses: Object.fromEntries(losses),
      clients: Object.fromEntries([...timings].map(([client, timing]) => [client, { ...timing }])),
      timing: { answersMs, aggregateMs, roundMs: now - closedAt },
      bytes: { up: after.up - traffic.up, down: after.down - traffic.down },
    });
    [traffic, closedAt] = [after, now];
    deps.during(sendAnswer(deps.link(), answer, credit));
  };

  return {
    desk,
    due,
    hasAnswered: (client) => (open ? open.messages.has(client) : answer !== undefined),
    credit: (chunks) => credit.add(chunks),
    async work(call) {
      const { round, attempt, version } = call;
      credit.set(call.credit);
      if (answer && isFor(answer.id, call)) {
        if (credit.awaited) await deps.link().request('ready', { round, attempt });
        return sendAnswer(deps.link(), answer, credit);
      }
      if (isFor(awaited, call)) return;
      // Asked again while it is open: a message to a client may have been lost, and heals so.
      if (open && isFor(open.call, call)) return void due().forEach((client) => deps.during(desk.ask(client)));
      const begun = clock.now();
      const { turn } = crew;
      awaited = call;
      try {
        const { theta, done } = await inbox.trunk(version, attempt);
        // A copy: the inbox uses its memory again, and a slow client may still be reading.
        if (turn === crew.turn && awaited === call) crew.carry(version, theta.slice());
        done();
      } finally {
        if (awaited === call) awaited = undefined;
      }
      if (turn !== crew.turn || crew.version !== version) return;
      [last, answer] = [call, undefined];
      crew.reached({ round, attempt });
      crew.weigh(call.lambda);
      if (call.warmup !== undefined) for (const member of members.all.values()) member.cold = true;
      const asked = crew.names();
      open = { call, begun, waitMs: clock.now() - begun, asked, messages: new Map() };
      desk.open({ do: 'open', round, attempt, clients: asked, probe: call.probe, checkpoint: call.checkpoint });
    },
    answered(client, message) {
      desk.answered(client, message);
      members.all.get(client)!.cold = false;
      const mine = open;
      if (!mine || !isFor(mine.call, message) || mine.messages.has(client)) return;
      mine.messages.set(client, message);
      const { round, attempt, checkpoint } = mine.call;
      const place = crew.place(client) ?? { stands: undefined, holds: [] };
      crew.move(client, afterAnswer(place, { round, attempt, checkpoint }));
      if (due().length > 0) return;
      // The acknowledgement goes out before what this answer sets off.
      clock.soon(() => {
        if (open === mine) close(mine);
      });
    },
    drop() {
      desk.renew(crew.at.attempt);
      open = awaited = answer = undefined;
    },
  };
}
