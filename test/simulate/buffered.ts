import {
  beginRounds,
  bufferedStep,
  initialBuffered,
  mergeAnswers,
  stalenessScale,
  type BufferedConfig,
  type BufferRules,
  type Effect,
  type HeldAnswers,
  type RoundsEvent,
} from '@trunkline/coordinator';
import { furtherCall, type Rehearsal } from './rehearsal.ts';

/** An answer that a client owes: it was asked for from the trunk of that time. */
interface Owed {
  readonly client: string;
  readonly version: number;
  readonly trunk: ReturnType<Rehearsal['wire']['broadcast']>;
}

/**
 * Mode `buffered` in one process: the round machine of the coordinator, its clients answering one after the other in the order in which they
 * were asked. Over sockets that order is the network's; here it is always the same.
 */
export async function trainBuffered(
  rehearsal: Rehearsal,
  rules: BufferRules,
  turn: () => Promise<void>,
): Promise<void> {
  const { plan, keeper, seats, wire } = rehearsal;
  const { rounds } = plan.config;
  const expect = seats.flatMap(({ lambda }) => Object.keys(lambda));
  // Scores are taken once training is over; the machine's own scoring is answered without looking.
  const config: BufferedConfig = { ...plan.config, ...plan.pace.patience, ...rules, expect, evaluateEvery: rounds };
  const state = initialBuffered();
  const owed: Owed[] = [];
  const calls = new Map<string, number>();
  let held: HeldAnswers[] = [];

  const feed = (event: RoundsEvent): void => bufferedStep(config, state, event).forEach(carryOut);
  const carryOut = (effect: Effect): void => {
    if (effect.do === 'ask')
      owed.push({ client: effect.client, version: keeper.version, trunk: wire.broadcast(keeper) });
    if (effect.do === 'repeat') score([effect.client]);
    if (effect.do === 'evaluate') score(effect.clients);
    if (effect.do !== 'close') return;
    keeper.advance(mergeAnswers(held, plan.trunk.layout.length));
    held = [];
    feed({ type: 'closed', round: effect.round });
  };
  const score = (clients: readonly string[]) => {
    const split = state.scoring[0]!;
    for (const client of clients) feed({ type: 'scored', client, version: state.round, split });
  };

  beginRounds(config, state);
  for (const { client, lambda } of seats) feed({ type: 'joined', client, tasks: Object.keys(lambda) });
  while (state.phase !== 'finished') {
    await turn();
    const { client, version, trunk } = owed.shift()!;
    const { learner, lambda, scale } = seats.find((seat) => seat.client === client)!;
    const round = calls.get(client) ?? 0;
    calls.set(client, round + 1);
    const { theta, control } = trunk;
    const local = furtherCall(plan, { control }, scale);
    const result = await learner.step({ round, theta, lambda, exchange: plan.exchange, probe: false, ...local });
    const age = keeper.version - version;
    const stale = age > rules.maxAge;
    const answers = await rehearsal.answers({ [client]: result });
    if (!stale) held.push({ client, call: round, scale: stalenessScale(rules.staleness, age), answers });
    held.sort((a, b) => (a.client < b.client ? -1 : a.client > b.client ? 1 : a.call - b.call));
    feed({ type: 'answered', client, round, attempt: 0, diverged: [], sound: [], stale });
  }
}
