import { describe, expect, it } from 'vitest';
import type { Effect, Resumption, RoundsConfig, RoundsEvent, Standing } from './round-events.ts';
import { initialRounds, step } from './rounds.ts';

const config: RoundsConfig = {
  rounds: 100,
  expect: ['x', 'y'],
  optional: [],
  mayLeave: false,
  evaluateEvery: 50,
  probeEvery: 0,
  checkpointEvery: 2,
  onMissing: 'wait',
  deadlineMs: 1000,
  giveUpAfterMs: 5000,
};
const tasks: Readonly<Record<string, string[]>> = { a: ['x'], b: ['y'] };
const join = (client: string, stands?: Standing, holds: readonly number[] = []): RoundsEvent => ({
  type: 'joined',
  client,
  tasks: tasks[client]!,
  stands,
  holds,
});
const lost = (client: string): RoundsEvent => ({ type: 'left', client, goodbye: false });
const answer = (client: string, round: number, attempt = 0): RoundsEvent => ({
  type: 'answered',
  client,
  round,
  attempt,
  diverged: [],
  sound: [],
});

function begin(from?: Resumption, rules = config) {
  const state = initialRounds(from);
  const feed = (...events: RoundsEvent[]): Effect[] => events.flatMap((event) => step(rules, state, event));
  const train = (until: number) => {
    for (let { round } = state; round < until; round++)
      feed(answer('a', round), answer('b', round), { type: 'closed', round });
  };
  return { state, feed, train };
}
const told = (effects: readonly Effect[], kinds = ['rewind', 'return', 'repeat', 'anew', 'renew', 'open']) =>
  effects
    .filter((effect) => kinds.includes(effect.do))
    .map((effect) => [effect.do, 'round' in effect ? effect.round : 'client' in effect && effect.client]);

describe('a client that comes back to a run that waits', () => {
  it('as the process that it was is asked for its answer again', () => {
    const { feed, train, state } = begin();
    feed(join('a'), join('b'));
    train(5);
    expect(told(feed(lost('a'), join('a', { round: 5, attempt: 0 }, [2, 4])))).toEqual([['repeat', 'a']]);
    expect(told(feed(lost('a'), join('a', { round: 6, attempt: 0 }, [2, 4])))).toEqual([['repeat', 'a']]);
    expect(state.attempt).toBe(0);
  });

  it('as a new process with saved states takes everyone back to the newest that all hold', () => {
    const { feed, train, state } = begin();
    feed(join('a'), join('b'));
    train(5);
    expect(told(feed(lost('a'), join('a', { round: 2, attempt: 0 }, [0, 2])))).toEqual([
      ['rewind', 2],
      ['open', 2],
    ]);
    expect(state.attempt).toBe(1);
    expect(state.checkpoints.map(({ round }) => round)).toEqual([0, 2]);
  });

  it('from the open round’s own state goes back too when it has answered that round already', () => {
    const { feed, train } = begin();
    feed(join('a'), join('b'));
    train(4);
    feed(answer('a', 4));
    expect(told(feed(lost('a'), join('a', { round: 4, attempt: 0 }, [2, 4])))[0]).toEqual(['rewind', 2]);
  });

  it('without a state goes on with new heads, and nobody goes back', () => {
    const { feed, train, state } = begin();
    feed(join('a'), join('b'));
    train(5);
    expect(told(feed(lost('a'), join('a')))).toEqual([
      ['anew', 'a'],
      ['repeat', 'a'],
    ]);
    expect(state.attempt).toBe(0);
    // It is said once, not at every break of its line.
    expect(told(feed(lost('a'), join('a')))).toEqual([['repeat', 'a']]);
  });

  it('having missed the others’ way back follows them alone', () => {
    const { feed, train, state } = begin();
    feed(join('a'), join('b'));
    train(5);
    feed(lost('a'), lost('b'), join('b', { round: 2, attempt: 0 }, [0, 2]));
    expect([state.round, state.attempt]).toEqual([2, 1]);
    expect(told(feed(join('a', { round: 5, attempt: 0 }, [0, 2, 4])))).toEqual([
      ['return', 2],
      ['repeat', 'a'],
    ]);
  });

  it('has lost nothing because it was away when the others went back, and its last answer never arrived', () => {
    const { feed, train } = begin();
    feed(join('a'), join('b'));
    train(4);
    feed(answer('b', 4), lost('a'), lost('b'));
    expect(told(feed(join('b', { round: 4, attempt: 0 }, [2, 4])))).toEqual([
      ['rewind', 4],
      ['open', 4],
    ]);
    // It saved its state of round 4, which nobody has heard of.
    expect(told(feed(join('a', { round: 5, attempt: 0 }, [2, 4])))).toEqual([
      ['return', 4],
      ['repeat', 'a'],
    ]);
  });

  it('has lost its heads where it was away when the others went back, and comes without a state', () => {
    const { feed, train } = begin();
    feed(join('a'), join('b'));
    train(4);
    feed(answer('b', 4), lost('a'), lost('b'), join('b', { round: 4, attempt: 0 }, [2, 4]));
    expect(told(feed(join('a')))).toEqual([
      ['anew', 'a'],
      ['repeat', 'a'],
    ]);
  });

  it('never takes anyone back where overdue rounds go on without the missing', () => {
    const { feed, train, state } = begin(undefined, { ...config, onMissing: 'proceed' });
    feed(join('a'), join('b'));
    train(5);
    expect(told(feed(lost('a'), join('a', { round: 2, attempt: 0 }, [2])))).toEqual([['repeat', 'a']]);
    expect(state.attempt).toBe(0);
  });
});

describe('a coordinator that is started again', () => {
  const from: Resumption = {
    round: 6,
    attempt: 3,
    points: [2, 4, 6].map((round) => ({ round, streaks: [['a/x', round]] })),
  };

  it('waits for everyone, then opens the newest round that all hold under a new attempt', () => {
    const { feed, state } = begin(from);
    expect(told(feed(join('a', { round: 7, attempt: 3 }, [2, 4, 6])))).toEqual([]);
    expect(told(feed(join('b', { round: 4, attempt: 3 }, [2, 4])))).toEqual([
      ['rewind', 4],
      ['open', 4],
    ]);
    expect([state.attempt, state.round, state.streaks.get('a/x')]).toEqual([4, 4, 4]);
  });

  it('goes on without the state of a client that lost it, and says so', () => {
    const { feed } = begin(from);
    const effects = feed(join('a', { round: 7, attempt: 3 }, [4, 6]), join('b'));
    expect(effects.find((effect) => effect.do === 'rewind')).toMatchObject({ round: 6, anew: ['b'] });
    expect(told(effects)).toEqual([
      ['rewind', 6],
      ['anew', 'b'],
      ['open', 6],
    ]);
  });

  it('under `proceed` takes a new attempt and leaves heads where they are', () => {
    const { feed } = begin(from, { ...config, onMissing: 'proceed' });
    expect(told(feed(join('a', { round: 7, attempt: 3 }, [6]), join('b', { round: 7, attempt: 3 }, [6])))).toEqual([
      ['renew', 6],
      ['open', 6],
    ]);
  });
});

describe('an overdue round', () => {
  it('asks connected clients that owe an answer again at every deadline, and gives up once', () => {
    const { feed } = begin();
    feed(join('a'), join('b'), lost('b'));
    const timer = { name: 'deadline', phase: 'training', round: 0, attempt: 0 } as const;
    const first = feed({ type: 'timer', timer });
    const second = feed({ type: 'timer', timer });
    expect(told(first)).toEqual([['repeat', 'a']]);
    expect(told(second)).toEqual([['repeat', 'a']]);
    const timers = [...first, ...second].flatMap((effect) => (effect.do === 'timer' ? [effect.timer.name] : []));
    expect(timers).toEqual(['deadline', 'give-up', 'deadline']);
  });
});
