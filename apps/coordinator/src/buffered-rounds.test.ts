import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bufferedStep,
  bufferedWaitingFor,
  initialBuffered,
  type BufferedConfig,
  type BufferedState,
} from './buffered-rounds.ts';
import type { Effect, RoundsEvent } from './round-events.ts';
import { DIVERGED_ROUNDS } from './giving-up.ts';
import { beginRounds } from './rounds.ts';

const config: BufferedConfig = {
  rounds: 4,
  size: 2,
  expect: ['x', 'y'],
  optional: ['z'],
  mayLeave: true,
  evaluateEvery: 4,
  probeEvery: 2,
  checkpointEvery: 2,
  onMissing: 'proceed',
  deadlineMs: 1000,
  giveUpAfterMs: 5000,
};

const tasks: Record<string, string[]> = { a: ['x'], b: ['y'], c: ['z'] };
const join = (client: string): RoundsEvent => ({ type: 'joined', client, tasks: tasks[client]! });
const answer = (client: string, round: number, more: { stale?: boolean; diverged?: string[] } = {}): RoundsEvent => ({
  type: 'answered',
  client,
  round,
  attempt: 0,
  sound: [],
  diverged: [],
  ...more,
});
const scored = (client: string, version: number, split: 'validation' | 'test'): RoundsEvent => ({
  type: 'scored',
  client,
  version,
  split,
});

/** Plays events; a `close` is answered by `closed` at once, as the shell does. */
function play(rules: BufferedConfig, events: readonly RoundsEvent[]): { state: BufferedState; effects: Effect[] } {
  const state = initialBuffered();
  const effects = beginRounds(rules, state);
  for (const event of events) effects.push(...feed(rules, state, event));
  return { state, effects };
}

function feed(rules: BufferedConfig, state: BufferedState, event: RoundsEvent): Effect[] {
  return bufferedStep(rules, state, event).flatMap((effect) =>
    effect.do === 'close' ? [effect, ...feed(rules, state, { type: 'closed', round: effect.round })] : [effect],
  );
}

const asks = (effects: readonly Effect[]) => effects.flatMap((effect) => (effect.do === 'ask' ? [effect.client] : []));
const closes = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.do === 'close' ? [effect.clients.join()] : []));
const timer = (name: 'deadline' | 'give-up', phase: 'training' | 'evaluating', round: number): RoundsEvent => ({
  type: 'timer',
  timer: { name, phase, round, attempt: 0 },
});

describe('the buffered round machine', () => {
  it('asks everyone once every expected task is there, and a client that answered at once again', () => {
    expect(asks(play(config, [join('a')]).effects)).toEqual([]);
    expect(asks(play(config, [join('a'), join('b'), answer('a', 0)]).effects)).toEqual(['a', 'b', 'a']);
  });

  it('moves the trunk whenever `size` answers have come, whoever they are from', () => {
    const { effects, state } = play(config, [
      join('a'),
      join('b'),
      answer('a', 0),
      answer('a', 1),
      answer('a', 2),
      answer('b', 0),
    ]);
    expect(closes(effects)).toEqual(['a', 'a,b']);
    expect(state.round).toBe(2);
  });

  it('asks the one whose answer closed a round from the trunk that it made', () => {
    const { effects } = play(config, [join('a'), join('b'), answer('a', 0), answer('a', 1)]);
    const kinds = effects.map((effect) => effect.do);
    expect(kinds.slice(kinds.indexOf('close'))).toEqual(['close', 'open', 'timer', 'ask']);
  });

  it('does not count an answer that is too old, and asks its client again', () => {
    const { effects } = play(config, [join('a'), join('b'), answer('a', 0, { stale: true }), answer('b', 0)]);
    expect(closes(effects)).toEqual([]);
    expect(asks(effects)).toEqual(['a', 'b', 'a', 'b']);
  });

  it('scores the last trunk with everyone, a client at work once its answer is in', () => {
    const rules = { ...config, rounds: 1 };
    const { effects, state } = play(rules, [join('a'), join('b'), answer('a', 0), answer('a', 1)]);
    expect(effects).toContainEqual({ do: 'evaluate', version: 1, attempt: 0, clients: ['a'], split: 'validation' });
    expect(feed(rules, state, scored('a', 1, 'validation'))).toEqual([]);
    expect(feed(rules, state, answer('b', 0))).toEqual([{ do: 'repeat', client: 'b' }]);
    expect(feed(rules, state, scored('b', 1, 'validation')).at(0)).toMatchObject({ do: 'scored', split: 'validation' });
    feed(rules, state, scored('a', 1, 'test'));
    expect(feed(rules, state, scored('b', 1, 'test')).at(-1)).toEqual({ do: 'finish' });
  });

  it('does without scores that are missing at the deadline', () => {
    const rules = { ...config, evaluateEvery: 1 };
    const { effects } = play(rules, [
      join('a'),
      join('b'),
      answer('a', 0),
      answer('a', 1),
      scored('a', 1, 'validation'),
      timer('deadline', 'evaluating', 1),
    ]);
    expect(effects).toContainEqual({ do: 'scored', version: 1, split: 'validation' });
    expect(effects.at(-1)).toEqual({ do: 'ask', client: 'a' });
  });

  it('goes on without a client whose line broke, and asks it for what it owes when it is back', () => {
    const { effects, state } = play(config, [
      join('a'),
      join('b'),
      { type: 'left', client: 'b', goodbye: false },
      answer('a', 0),
      answer('a', 1),
    ]);
    expect(closes(effects)).toEqual(['a']);
    expect(feed(config, state, join('b'))).toEqual([{ do: 'ask', client: 'b' }]);
    expect(closes([...feed(config, state, answer('b', 0)), ...feed(config, state, answer('a', 2))])).toEqual(['a,b']);
  });

  it('gives up when nothing has come for the deadline and giveUpAfterMs more', () => {
    const lost = (client: string): RoundsEvent => ({ type: 'left', client, goodbye: false });
    const { effects } = play(config, [
      join('a'),
      join('b'),
      lost('a'),
      lost('b'),
      timer('deadline', 'training', 0),
      timer('give-up', 'training', 0),
    ]);
    const last = effects.at(-1)!;
    expect(last.do === 'fail' && last.error.code).toBe('WAITED_TOO_LONG');
    expect(last.do === 'fail' && last.error.message).toContain('client a, client b');
  });

  it('ends the run when a task has no finite loss for ten answers running', () => {
    const events = Array.from({ length: DIVERGED_ROUNDS }, (_, n) => answer('a', n, { diverged: ['x'] }));
    const rules = { ...config, rounds: 100, evaluateEvery: 100 };
    const failed = play(rules, [join('a'), join('b'), ...events]).effects.at(-1)!;
    expect(failed.do === 'fail' && failed.error.code).toBe('TASK_DIVERGED');
  });

  it('asks nobody and closes nothing while paused, and goes on where it was', () => {
    const { effects, state } = play(config, [join('a'), join('b'), { type: 'pause' }, answer('a', 0), answer('b', 0)]);
    expect(closes(effects)).toEqual([]);
    const resumed = feed(config, state, { type: 'resume' });
    expect(closes(resumed)).toEqual(['a,b']);
    expect(asks(resumed)).toEqual(['a', 'b']);
  });

  it('never counts an answer twice, never asks a client that is at work, never goes past the last round', () => {
    const client = fc.constantFrom('a', 'b', 'c');
    const event: fc.Arbitrary<RoundsEvent> = fc.oneof(
      { weight: 2, arbitrary: client.map(join) },
      {
        weight: 8,
        arbitrary: fc.tuple(client, fc.nat(6), fc.boolean()).map(([c, n, stale]) => answer(c, n, { stale })),
      },
      fc.tuple(client, fc.boolean()).map(([c, goodbye]): RoundsEvent => ({ type: 'left', client: c, goodbye })),
      fc
        .tuple(client, fc.nat(5), fc.constantFrom('validation' as const, 'test' as const))
        .map(([c, v, s]) => scored(c, v, s)),
      fc
        .tuple(
          fc.constantFrom('deadline' as const, 'give-up' as const),
          fc.constantFrom('training' as const, 'evaluating' as const),
          fc.nat(5),
        )
        .map(([name, phase, round]) => timer(name, phase, round)),
      fc.constantFrom<RoundsEvent>({ type: 'pause' }, { type: 'resume' }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), fc.integer({ min: 1, max: 4 }), (events, size) => {
        const rules = { ...config, size, evaluateEvery: 2 };
        const state = initialBuffered();
        let counted = 0;
        let closed = 0;
        const queue = [...events];
        for (let next = queue.shift(); next; next = queue.shift()) {
          const before = { busy: new Set(state.busy), held: state.held.length };
          for (const effect of bufferedStep(rules, state, next)) {
            if (effect.do === 'ask') {
              const owed = next.type === 'joined' && next.client === effect.client;
              const free = next.type === 'answered' && next.client === effect.client;
              expect(before.busy.has(effect.client) && !owed && !free).toBe(false);
            }
            if (effect.do !== 'close') continue;
            expect(effect.round).toBe(closed++);
            expect(state.held.length).toBeGreaterThanOrEqual(size);
            queue.unshift({ type: 'closed', round: effect.round });
          }
          if (next.type === 'answered') counted += state.held.length - before.held;
          expect(state.held.length - before.held).toBeLessThanOrEqual(1);
          expect(state.round).toBeLessThanOrEqual(rules.rounds);
          for (const busy of state.busy) expect(state.seats.has(busy)).toBe(true);
        }
        expect(counted).toBeGreaterThanOrEqual(closed * size);
        expect(bufferedWaitingFor(rules, state).clients).toEqual([...bufferedWaitingFor(rules, state).clients].sort());
      }),
      { seed: 1, numRuns: 400 },
    );
  });
});
