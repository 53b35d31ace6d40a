import { describe, expect, it } from 'vitest';
import { fail } from '@trunkline/protocol';
import { operatorView, type Live } from './operator-view.ts';
import type { Pulse } from './pulse.ts';
import type { RunEvent } from './run-events.ts';
import { emptyRecord, record } from './run-record.ts';

const START = Date.parse('2026-01-05T08:00:00Z');
const listening: RunEvent = { event: 'listening', run: 'r', url: 'http://h:1', dashboard: null, folder: 'runs/r' };
const joined = (client: string, task: string): RunEvent => ({
  event: 'joined',
  client,
  tasks: [task],
  labelled: { [task]: 9 },
  backend: 'cpu',
  again: false,
});
const round = (number: number, losses: Record<string, number | null>): RunEvent => ({
  event: 'round',
  round: number,
  attempt: 0,
  losses,
  weights: null,
  stationary: false,
  clients: {
    a: { waitMs: 10, stepMs: 20, sendMs: 10, rows: 8, up: 100, down: 50 },
    b: { waitMs: 10, stepMs: 90, sendMs: 10, rows: 8, up: 100, down: 50 },
  },
  timing: { answersMs: 110, aggregateMs: 1, roundMs: 200 },
  bytes: { up: 200, down: 100 },
});

/** Two clients in a run under way: second n of it is when event n came. */
function told(...events: RunEvent[]) {
  const all = emptyRecord();
  [listening, joined('a', 'cats'), joined('b', 'dogs'), ...events].forEach((event, second) =>
    record(all, event, new Date(START + second * 1000)),
  );
  return all;
}
const at = (second: number) => START + second * 1000;
const pulse = (second: number, heard = second): Pulse => ({ heardAt: at(heard), movedAt: at(second), up: 0, down: 0 });
const live = (waiting: string[], pulses: Record<string, Pulse> = {}): Live => ({
  pid: 1,
  phase: 'training',
  round: 1,
  attempt: 0,
  waitingFor: { clients: waiting, tasks: [] },
  deadlineMs: 30_000,
  pulse: (client) => pulses[client] ?? null,
});

describe('what an operator is told', () => {
  it('is nothing while all goes well, and figures of every client', () => {
    const view = operatorView({
      record: told(round(0, { cats: 1, dogs: 2 })),
      planned: 10,
      live: live(['b'], { b: pulse(3) }),
      now: at(5),
    });
    expect(view.problems).toEqual([]);
    expect(view).toMatchObject({ state: 'training', round: 1, rounds: 10, restMs: 1800, loss: 1.5 });
    expect(
      view.clients.map(({ client, state, lagMs, samplesPerSecond, up, loss }) => [
        client,
        state,
        lagMs,
        samplesPerSecond,
        up,
        loss,
      ]),
    ).toEqual([
      ['a', 'answered', 0, 40, 100, 1],
      ['b', 'working', 70, 40, 100, 2],
    ]);
  });

  it('names a client that went, since when, why, and how it comes back', () => {
    const record = told(round(0, { cats: 1, dogs: 1 }), { event: 'left', client: 'b', reason: 'transport close' });
    const { problems, clients } = operatorView({ record, planned: 10, live: live(['b']), now: at(20) });
    expect(problems).toEqual([
      {
        kind: 'missing',
        who: 'b',
        since: new Date(at(4)).toISOString(),
        what: 'not connected: transport close',
        remedy: 'Start it again, it goes on by itself: npm run client -- join http://h:1 b.yaml',
      },
    ]);
    expect(clients[1]!.state).toBe('missing');
  });

  it('names a task that nobody brings', () => {
    const waitingFor = { clients: [], tasks: ['birds'] };
    const record = told({ event: 'waiting', clients: [], tasks: ['birds'], round: 0 });
    const { problems } = operatorView({ record, planned: 10, live: { ...live([]), waitingFor }, now: at(9) });
    expect(problems).toMatchObject([{ kind: 'missing', who: 'task birds', since: new Date(at(3)).toISOString() }]);
    // Over TLS a client also needs the certificate: every command that is proposed names it.
    const secure = operatorView({
      record,
      planned: 10,
      live: { ...live([]), waitingFor },
      ca: 'certificate.pem',
      now: at(9),
    });
    expect(secure.join).toBe('npm run client -- join http://h:1 CLIENT.yaml --ca certificate.pem');
    expect(secure.problems[0]!.remedy).toContain(secure.join);
  });

  it('tells a slow client from one without progress, and that from one without a heartbeat', () => {
    const record = told(round(0, { cats: 1, dogs: 1 }));
    const of = (moved: number, heard: number) =>
      operatorView({ record, planned: 10, live: live(['b'], { b: pulse(moved, heard) }), now: at(60) }).problems;
    expect(of(59, 59)).toEqual([]);
    expect(of(30, 58)).toMatchObject([
      {
        kind: 'stalled',
        who: 'b',
        since: new Date(at(30)).toISOString(),
        what: expect.stringMatching(/heartbeats arrive/) as string,
      },
    ]);
    expect(of(30, 30)).toMatchObject([{ kind: 'stalled', what: expect.stringMatching(/neither/) as string }]);
  });

  it('does not call a client stalled that had nothing to do until a moment ago', () => {
    const record = told(round(0, { cats: 1, dogs: 1 }));
    const view = operatorView({ record, planned: 10, live: live(['b'], { b: pulse(-900) }), now: at(8) });
    expect(view.problems).toEqual([]);
  });

  it('names a loss that is not finite, for how many rounds, and forgets it once it is finite again', () => {
    const bad = told(
      round(0, { cats: 1, dogs: 1 }),
      round(1, { cats: 1, dogs: null }),
      round(2, { cats: 1, dogs: null }),
    );
    const of = (record: typeof bad) => operatorView({ record, planned: 10, live: live([]), now: at(9) }).problems;
    expect(of(bad)).toMatchObject([
      {
        kind: 'diverging',
        who: 'b',
        since: new Date(at(4)).toISOString(),
        what: expect.stringMatching(/of dogs .* since round 1, 2 rounds running/) as string,
      },
    ]);
    record(bad, round(3, { cats: 1, dogs: 0.5 }), new Date(at(9)));
    expect(of(bad)).toEqual([]);
  });

  it('names who was refused, and what would help, until it comes in', () => {
    const error = fail('TASK_UNEXPECTED', { at: 'Client c', task: 'fish', known: 'cats, dogs' }).report();
    const record_ = told(
      { event: 'refused', client: 'c', message: 'join', error },
      { event: 'refused', client: 'c', message: 'join', error },
    );
    const of = () => operatorView({ record: record_, planned: 10, live: live([]), now: at(9) }).problems;
    expect(of()).toEqual([
      {
        kind: 'refused',
        who: 'c',
        since: new Date(at(3)).toISOString(),
        what: `join refused 2 times: ${error.message}`,
        remedy: error.hint,
      },
    ]);
    record(record_, joined('c', 'cats'), new Date(at(9)));
    expect(of()).toEqual([]);
  });

  it('passes over answers that crossed the end of their round', () => {
    const error = fail('CONTRIBUTION_STALE', { found: 1, expected: 2 }).report();
    const record = told({ event: 'refused', client: 'b', message: 'contribution', error });
    expect(operatorView({ record, planned: 10, live: live([]), now: at(9) }).problems).toEqual([]);
  });

  it('says of a revoked client that alone', () => {
    const error = fail('CLIENT_REVOKED', { client: 'b' }).report();
    const refused: RunEvent = { event: 'refused', client: 'b', message: 'admission', error };
    const record = told(refused, refused, { event: 'left', client: 'b', reason: 'revoked' });
    const { problems, clients } = operatorView({ record, planned: 10, live: live(['b']), now: at(9) });
    expect(problems).toMatchObject([{ kind: 'revoked', who: 'b', since: new Date(at(3)).toISOString() }]);
    expect(clients[1]!.state).toBe('revoked');
  });

  it('of a run that nobody holds says so, and what ended it', () => {
    const killed = operatorView({ record: told(round(0, { cats: 1 })), planned: 10, live: null, now: at(99) });
    expect(killed).toMatchObject({ live: false, state: 'unfinished', round: 1, elapsedMs: 3000, problems: [] });
    const error = fail('WAITED_TOO_LONG', { seconds: 9, missing: 'client b' });
    const failed = operatorView({
      record: told({ event: 'error', ...error.report() }),
      planned: 10,
      live: null,
      now: at(99),
    });
    expect(failed).toMatchObject({
      state: 'failed',
      problems: [{ kind: 'failed', what: error.message, remedy: error.hint }],
    });
  });
});

it('keeps a bounded number of strangers, the newest', () => {
  const all = told();
  const error = fail('CLIENT_DUPLICATE', { client: 'x' }).report();
  for (let i = 0; i < 1000; i++) {
    const event: RunEvent = { event: 'refused', client: `stranger-${i}`, message: 'admission', error };
    record(all, event, new Date(at(5 + i)));
  }
  expect(all.strangers.size).toBe(64);
  expect(all.strangers.has('stranger-999')).toBe(true);
});
