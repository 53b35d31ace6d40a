import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { waitingFor } from './awaited.ts';
import type { Effect, RoundsConfig, RoundsEvent, RoundsState } from './round-events.ts';
import { DIVERGED_ROUNDS } from './giving-up.ts';
import { beginRounds, initialRounds, step } from './rounds.ts';

const config: RoundsConfig = {
  rounds: 4,
  expect: ['x', 'y'],
  optional: ['z'],
  mayLeave: false,
  evaluateEvery: 2,
  probeEvery: 2,
  checkpointEvery: 2,
  onMissing: 'wait',
  deadlineMs: 1000,
  giveUpAfterMs: 5000,
};

const joinA: RoundsEvent = { type: 'joined', client: 'a', tasks: ['x'] };
const joinB: RoundsEvent = { type: 'joined', client: 'b', tasks: ['y'] };
const answer = (client: string, round: number, diverged: string[] = [], attempt = 0): RoundsEvent => ({
  type: 'answered',
  client,
  round,
  attempt,
  diverged,
  sound: [],
});

function play(rules: RoundsConfig, events: readonly RoundsEvent[]): { state: RoundsState; effects: Effect[] } {
  const state = initialRounds();
  const effects = beginRounds(rules, state);
  for (const event of events) effects.push(...step(rules, state, event));
  return { state, effects };
}

const kinds = (effects: readonly Effect[]) => effects.map((effect) => effect.do);

describe('the round machine', () => {
  it('opens round 0 only when every expected task is there', () => {
    expect(kinds(play(config, [joinA]).effects)).not.toContain('open');
    expect(play(config, [joinA, joinB]).effects.find((effect) => effect.do === 'open')).toEqual({
      do: 'open',
      round: 0,
      attempt: 0,
      clients: ['a', 'b'],
      probe: true,
      checkpoint: true,
    });
  });

  it('waits for a task as often as it is expected: once a replica', () => {
    const rules = { ...config, expect: ['x', 'x'] };
    const second: RoundsEvent = { type: 'joined', client: 'b', tasks: ['x'] };
    expect(play(rules, [joinA]).state.phase).toBe('gathering');
    expect(play(rules, [joinA, second]).state.phase).toBe('training');
  });

  it('closes a round once, when the last answer is in, whatever the order', () => {
    const inOrder = play(config, [joinA, joinB, answer('a', 0), answer('b', 0), answer('b', 0)]).effects;
    const reversed = play(config, [joinA, joinB, answer('b', 0), answer('a', 0)]).effects;
    const closes = (effects: Effect[]) => effects.filter((effect) => effect.do === 'close');
    expect(closes(inOrder)).toEqual([{ do: 'close', round: 0, attempt: 0, clients: ['a', 'b'] }]);
    expect(closes(reversed)).toEqual(closes(inOrder));
  });

  it('ignores answers of another round, another attempt, or somebody it did not ask', () => {
    const strays = [answer('a', 1), answer('a', 0, [], 1), answer('stranger', 0)];
    expect(kinds(play(config, [joinA, joinB, ...strays, answer('b', 0)]).effects)).not.toContain('close');
  });

  it('scores trunks N, 2N, … and the last, on the test split at the end', () => {
    const events: RoundsEvent[] = [joinA, joinB];
    for (let round = 0; round < 4; round++) {
      events.push(answer('a', round), answer('b', round), { type: 'closed', round });
      if (round % 2 === 0) continue;
      for (const split of round === 3 ? (['validation', 'test'] as const) : (['validation'] as const)) {
        events.push(
          { type: 'scored', client: 'a', version: round + 1, split },
          { type: 'scored', client: 'b', version: round + 1, split },
        );
      }
    }
    const { effects, state } = play(config, events);
    const scored = effects.flatMap((effect) => (effect.do === 'scored' ? [`${effect.version} ${effect.split}`] : []));
    expect(scored).toEqual(['2 validation', '4 validation', '4 test']);
    expect(state.phase).toBe('finished');
    expect(kinds(effects).at(-1)).toBe('finish');
  });

  it('asks a client that comes back in the middle of a round again', () => {
    const back = play(config, [joinA, joinB, { type: 'left', client: 'a', goodbye: false }, joinA]).effects;
    expect(back.at(-1)).toEqual({ do: 'repeat', client: 'a' });
  });

  it('with `wait` says who is missing after the deadline, and gives up after its limit', () => {
    const deadline: RoundsEvent = {
      type: 'timer',
      timer: { name: 'deadline', phase: 'training', round: 0, attempt: 0 },
    };
    const giveUp: RoundsEvent = { type: 'timer', timer: { name: 'give-up', phase: 'training', round: 0, attempt: 0 } };
    const { effects, state } = play(config, [joinA, joinB, answer('a', 0), deadline]);
    expect(effects).toContainEqual({ do: 'waiting' });
    expect(waitingFor(config, state)).toEqual({ clients: ['b'], tasks: ['y'] });
    const last = step(config, state, giveUp).at(-1)!;
    expect(last.do === 'fail' && last.error.code).toBe('WAITED_TOO_LONG');
  });

  it('with `proceed` closes an overdue round with those who answered', () => {
    const rules = { ...config, onMissing: 'proceed' } as const;
    const deadline: RoundsEvent = {
      type: 'timer',
      timer: { name: 'deadline', phase: 'training', round: 0, attempt: 0 },
    };
    const { effects } = play(rules, [joinA, joinB, answer('a', 0), deadline]);
    expect(effects).toContainEqual({ do: 'close', round: 0, attempt: 0, clients: ['a'] });
  });

  it('ignores a timer that was set for another round', () => {
    const stale: RoundsEvent = { type: 'timer', timer: { name: 'give-up', phase: 'gathering', round: 0, attempt: 0 } };
    expect(play(config, [joinA, joinB, stale]).state.phase).toBe('training');
  });

  it('goes back under a new attempt, and the old attempt’s answers no longer count', () => {
    const events: RoundsEvent[] = [
      joinA,
      joinB,
      answer('a', 0),
      answer('b', 0),
      { type: 'closed', round: 0 },
      { type: 'rewind', round: 0 },
    ];
    const { state, effects } = play(config, [...events, answer('a', 0), answer('b', 0)]);
    expect(effects).toContainEqual({ do: 'rewind', round: 0, attempt: 1, anew: [] });
    expect(state.answered.size).toBe(0);
  });

  it('ends the run when a task has no finite loss for ten rounds running, and not for nine', () => {
    const rules = { ...config, rounds: 100, evaluateEvery: 100 };
    const events: RoundsEvent[] = [joinA, joinB];
    for (let round = 0; round < DIVERGED_ROUNDS; round++)
      events.push(answer('b', round), answer('a', round, ['x']), { type: 'closed', round });
    const failed = play(rules, events).effects.find((effect) => effect.do === 'fail');
    expect(failed?.do === 'fail' && failed.error.code).toBe('TASK_DIVERGED');
    expect(kinds(play(rules, events.slice(0, -3)).effects)).not.toContain('fail');
  });

  it('opens nothing while paused, and goes on where it was', () => {
    const { effects, state } = play(config, [
      joinA,
      joinB,
      { type: 'pause' },
      answer('a', 0),
      answer('b', 0),
      { type: 'closed', round: 0 },
    ]);
    expect(effects.filter((effect) => effect.do === 'open')).toHaveLength(1);
    expect(step(config, state, { type: 'resume' }).at(0)).toMatchObject({ do: 'open', round: 1 });
  });

  describe('when a client says goodbye in the middle of a round', () => {
    const joinC: RoundsEvent = { type: 'joined', client: 'c', tasks: ['z'] };
    const goodbye = (client: string): RoundsEvent => ({ type: 'left', client, goodbye: true });
    const closes = (effects: readonly Effect[]) => effects.filter((effect) => effect.do === 'close');

    it('waits for it where its task is expected', () => {
      const { effects, state } = play(config, [joinA, joinB, answer('a', 0), goodbye('b')]);
      expect(effects.at(-1)).toEqual({ do: 'waiting' });
      expect(waitingFor(config, state)).toEqual({ clients: ['b'], tasks: ['y'] });
    });

    it('goes on without it where clients may leave', () => {
      const { effects, state } = play({ ...config, mayLeave: true }, [joinA, joinB, answer('a', 0), goodbye('b')]);
      expect(closes(effects)).toEqual([{ do: 'close', round: 0, attempt: 0, clients: ['a'] }]);
      expect([...state.seats.keys()]).toEqual(['a']);
    });

    it('goes on without it where all its tasks are optional', () => {
      const { effects } = play(config, [joinC, joinA, joinB, answer('a', 0), answer('b', 0), goodbye('c')]);
      expect(closes(effects)).toEqual([{ do: 'close', round: 0, attempt: 0, clients: ['a', 'b'] }]);
    });

    it('counts what it had answered', () => {
      const { effects } = play({ ...config, mayLeave: true }, [
        joinA,
        joinB,
        answer('b', 0),
        goodbye('b'),
        answer('a', 0),
      ]);
      expect(closes(effects)).toEqual([{ do: 'close', round: 0, attempt: 0, clients: ['a', 'b'] }]);
    });

    it('does not run through empty rounds when the last one has left, and goes on with whoever joins', () => {
      const rules = { ...config, mayLeave: true };
      const { effects, state } = play(rules, [joinA, joinB, goodbye('a'), goodbye('b')]);
      expect(closes(effects)).toEqual([]);
      expect(step(rules, state, joinA).at(0)).toMatchObject({ do: 'open', round: 0, clients: ['a'] });
    });

    it('is not told from a broken line without a goodbye', () => {
      const lost: RoundsEvent = { type: 'left', client: 'b', goodbye: false };
      const { effects, state } = play({ ...config, mayLeave: true }, [joinA, joinB, answer('a', 0), lost]);
      expect(effects.at(-1)).toEqual({ do: 'waiting' });
      expect(waitingFor(config, state)).toEqual({ clients: ['b'], tasks: ['y'] });
    });
  });

  it('asks a task that joins a running run from the next round on', () => {
    const joinC: RoundsEvent = { type: 'joined', client: 'c', tasks: ['z'] };
    const { effects } = play(config, [
      joinA,
      joinB,
      joinC,
      answer('a', 0),
      answer('b', 0),
      { type: 'closed', round: 0 },
    ]);
    const opened = effects.flatMap((effect) => (effect.do === 'open' ? [effect.clients] : []));
    expect(opened).toEqual([
      ['a', 'b'],
      ['a', 'b', 'c'],
    ]);
  });

  it('never closes a round twice and never goes past the last, under any sequence of events', () => {
    const client = fc.constantFrom('a', 'b', 'c');
    const event: fc.Arbitrary<RoundsEvent> = fc.oneof(
      client.map((name): RoundsEvent => ({ type: 'joined', client: name, tasks: [name === 'a' ? 'x' : 'y'] })),
      fc.tuple(client, fc.boolean()).map(([name, goodbye]): RoundsEvent => ({ type: 'left', client: name, goodbye })),
      fc.tuple(client, fc.nat(5)).map(([name, round]) => answer(name, round)),
      fc
        .constantFrom('deadline' as const, 'give-up' as const)
        .chain((name) =>
          fc
            .nat(5)
            .map((round): RoundsEvent => ({ type: 'timer', timer: { name, phase: 'training', round, attempt: 0 } })),
        ),
      fc
        .tuple(client, fc.nat(5))
        .map(([name, version]): RoundsEvent => ({ type: 'scored', client: name, version, split: 'validation' })),
      fc.constantFrom<RoundsEvent>({ type: 'pause' }, { type: 'resume' }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), fc.boolean(), fc.boolean(), (events, proceed, mayLeave) => {
        const rules: RoundsConfig = { ...config, onMissing: proceed ? 'proceed' : 'wait', mayLeave };
        const state = initialRounds();
        const closed = new Set<string>();
        const queue = [...events];
        for (let next = queue.shift(); next; next = queue.shift()) {
          for (const effect of step(rules, state, next)) {
            if (effect.do !== 'close') continue;
            expect(closed.has(`${effect.round}/${effect.attempt}`)).toBe(false);
            closed.add(`${effect.round}/${effect.attempt}`);
            queue.unshift({ type: 'closed', round: effect.round });
          }
          expect(state.round).toBeLessThanOrEqual(rules.rounds);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
