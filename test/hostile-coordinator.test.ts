import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { converse, readClient, type ClientOutcome } from '@trunkline/client';
import { openLink } from '@trunkline/protocol/line';
import { readRun, startCoordinator, type RunEvent } from '@trunkline/coordinator';
import { systemClock } from '@trunkline/protocol';
import { identityFromSeed } from '@trunkline/protocol/seal';
import { writeSmallRun } from './bad-input/small-run.ts';
import { nothingKept } from './hostile/nothing-kept.ts';
import { quietTrainer } from './hostile/quiet-trainer.ts';
import { event, eventOf, tamper, welcomeIn, type Packet } from './hostile/tampering.ts';

const temporary = mkdtempSync(join(tmpdir(), 'trunkline-hostile-'));
let file: string;
beforeAll(() => {
  file = writeSmallRun(join(temporary, 'small'));
});
let undo: () => void = () => undefined;
afterEach(() => undo());
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const identity = identityFromSeed(new Uint8Array(32));
/** Parameters of the small run's trunk: 4 × 8 weights and 8 biases. */
const LENGTH = 40;

interface Met {
  readonly outcome: ClientOutcome;
  /** What the training thread was asked. */
  readonly asked: readonly string[];
  /** What this client sent. */
  readonly sent: readonly Packet[];
  readonly heard: readonly RunEvent[];
  readonly saved: readonly string[];
  readonly agreements: number;
}

let met = 0;
/** A client, whose training is played, meets a coordinator of which every packet passes through `lie`. */
async function meet(
  lie: (packet: Packet, coordinator: { dropLines(): void }) => readonly Packet[],
  settings: readonly string[] = [],
  agree: (time: number) => boolean = () => true,
): Promise<Met> {
  const heard: RunEvent[] = [];
  const config = readRun(file, ['expect=[dogs]', 'evaluateEvery=2', 'probeEvery=0', ...settings]);
  const coordinator = await startCoordinator(config, {
    folder: join(temporary, `run-${met++}`),
    sinks: [(one) => heard.push(one)],
  });
  const { trainer, asked } = quietTrainer('dogs', LENGTH);
  const sent: Packet[] = [];
  const saved: string[] = [];
  let agreements = 0;
  undo = tamper((packet) => {
    const name = eventOf(packet)?.[0];
    // The client's own words are only listened to.
    const fromClient =
      name !== undefined && ['hello', 'join', 'ready', 'contribution', 'answered', 'scores', 'leave'].includes(name);
    if (fromClient) sent.push(packet);
    return fromClient ? [packet] : lie(packet, coordinator);
  });
  const { url } = coordinator;
  const client = converse(readClient(join(temporary, 'small', 'south.yaml')), {
    url,
    threads: 1,
    held: { of: () => undefined, at: () => undefined },
    trainer,
    clock: systemClock,
    link: (deps) =>
      openLink({ url, client: 'south', identity, route: {}, random: () => 0.5, firstMs: 5_000, laterMs: 5_000 }, deps),
    states: ({ run }) => nothingKept({ finish: () => void saved.push(run) }),
    emit: () => undefined,
    agree: () => Promise.resolve(agree(agreements++)),
  });
  const outcome = await Promise.race([
    client.done,
    new Promise<never>((_, reject) => setTimeout(() => reject(new Error('the client still follows')), 8_000)),
  ]).finally(() => client.close());
  // What was its last word is on its way.
  await new Promise((resolve) => setTimeout(resolve, 40));
  undo();
  await coordinator.close();
  return { outcome, asked, sent, heard, saved, agreements };
}

const changed =
  (name: string, change: (message: Record<string, unknown>) => Record<string, unknown>) =>
  (packet: Packet): readonly Packet[] => {
    const [found, message] = eventOf(packet) ?? [];
    return found === name
      ? [{ ...packet, data: [name, { ...(message as object), ...change(message as Record<string, unknown>) }] }]
      : [packet];
  };
const atRound = (wanted: number, lie: Record<string, unknown>) =>
  changed('round', ({ round }) => (round === wanted ? lie : {}));
const greeting =
  (change: (welcome: Record<string, unknown>, time: number) => Record<string, unknown>, time = { of: 0 }) =>
  (packet: Packet): readonly Packet[] => {
    const welcome = welcomeIn(packet);
    if (!welcome) return [packet];
    return [{ ...packet, data: [{ ok: true, value: { ...welcome, ...change(welcome, time.of++) } }] }];
  };

const codeOf = ({ outcome }: Met): string => (outcome.kind === 'failed' ? outcome.error.code : outcome.kind);
const wordsOf = ({ outcome }: Met): string => (outcome.kind === 'failed' ? outcome.error.message : outcome.kind);
/** Rounds that were answered: what left. */
const answeredIn = ({ sent }: Met): unknown[] =>
  sent.flatMap((packet) => {
    const [name, message] = eventOf(packet)!;
    return name === 'answered' ? [(message as { round: number }).round] : [];
  });

it('an honest coordinator gets its four rounds, its scores and its goodbye', async () => {
  const honest = await meet((packet) => [packet]);
  expect(codeOf(honest)).toBe('finished');
  expect(answeredIn(honest)).toEqual([0, 1, 2, 3]);
  expect(honest.asked).toContain('evaluate 4');
  expect(honest.saved).toEqual(['small']);
  expect(honest.agreements).toBe(1);
});

describe('a round that was not agreed to is not even computed, and the coordinator hears why the client left', () => {
  const lies: Record<string, [lie: Record<string, unknown>, words: RegExp, settings?: string[]]> = {
    'rows instead of the sum': [{ exchange: 'rows' }, /exchange: rows.*agreed to exchange: sum/],
    'rows in addition when none were due': [{ probe: true }, /the rows of round 2.*agreed to none/],
    'rows in addition at another round than said': [
      { probe: true, round: 2 },
      /the rows of round 2.*every 3 rounds/,
      ['probeEvery=3'],
    ],
    'more rounds than said': [{ round: 4 }, /answer 5.*4 answers/],
    'a later trunk than the last': [{ version: 4 }, /from trunk 4.*4 rounds/],
    'a round again, from a trunk of its choice': [{ round: 0 }, /round 0 after round 1/],
    'a task that is not this client’s': [{ lambda: { dogs: 1, cats: 1 } }, /the task cats.*agreed to dogs/],
    'a task’s share by another name': [{ scale: { birds: 2 } }, /the task birds/],
    'steps before the round': [{ warmup: 50 }, /a warm-up of 50 steps.*0 steps/],
    'losses after the step': [{ wants: ['losses-after'] }, /losses-after.*gradients and losses alone/],
    'heads of an earlier round': [{ best: 1 }, /the trunk of round 1/],
  };

  it.each(Object.keys(lies))('%s', async (name) => {
    const [lie, words, settings] = lies[name]!;
    const one = await meet(atRound(2, lie), settings);
    expect(codeOf(one)).toBe('REQUEST_NOT_AGREED');
    expect(wordsOf(one)).toMatch(words);
    expect(answeredIn(one)).toEqual([0, 1]);
    expect(one.asked.filter((what) => what.startsWith('step'))).toEqual(['step 0', 'step 1']);
    expect(one.heard).toContainEqual(expect.objectContaining({ event: 'left', reason: wordsOf(one) }));
  });
});

describe('scores that were not agreed to are not computed', () => {
  const askFor = (lie: Record<string, unknown>) => (packet: Packet) =>
    eventOf(packet)?.[0] === 'round' && (eventOf(packet)![1] as { round: number }).round === 1
      ? [event('evaluate', { version: 1, attempt: 0, split: 'validation', ...lie }), packet]
      : [packet];

  it.each([
    ['of a round between two evaluations', { version: 1 }, /scores of trunk 1.*every 2 rounds and of trunk 4/],
    ['of the first trunk', { version: 0 }, /scores of trunk 0/],
    ['of a trunk past the last', { version: 6 }, /scores of trunk 6/],
    ['with heads of an earlier round', { version: 2, best: 0 }, /the trunk of round 0/],
  ])('%s', async (_, lie, words) => {
    const one = await meet(askFor(lie));
    expect(codeOf(one)).toBe('REQUEST_NOT_AGREED');
    expect(wordsOf(one)).toMatch(words);
    expect(one.asked.filter((what) => what.startsWith('evaluate'))).toEqual([]);
  });

  it('of the test split, at more than one trunk', async () => {
    const scores = { attempt: 0, split: 'test' };
    const one = await meet((packet) =>
      eventOf(packet)?.[0] === 'round' && (eventOf(packet)![1] as { round: number }).round === 1
        ? [event('evaluate', { ...scores, version: 2 }), event('evaluate', { ...scores, version: 4 }), packet]
        : [packet],
    );
    expect(codeOf(one)).toBe('REQUEST_NOT_AGREED');
    expect(wordsOf(one)).toMatch(/test split again, at trunk 4.*scored at trunk 2/);
    expect(one.asked.filter((what) => what.startsWith('evaluate'))).toEqual([]);
  });
});

describe('a welcome that lies is refused before anything is agreed to', () => {
  const dense = (units: number) => ({ input: [4], layers: [{ dense: { units } }] });
  const lies: [what: string, lie: { run?: string; trunk?: unknown }, code: string][] = [
    ['a run whose name leads out of the state folder', { run: '../../elsewhere' }, 'MESSAGE_INVALID'],
    ['a layer that is not on the list', { trunk: { spec: { input: [4], layers: [{ lambda: {} }] } } }, 'LAYER_UNKNOWN'],
    ['another trunk than its size says', { trunk: { spec: dense(3_000) } }, 'REQUEST_NOT_AGREED'],
    ['a trunk that is larger than any', { trunk: { spec: dense(400_000_000) } }, 'CONFIG_INVALID'],
    ['no trunk at all', { trunk: 5 }, 'MESSAGE_INVALID'],
  ];

  it.each(lies)('%s', async (_, lie, code) => {
    const one = await meet(
      greeting((welcome) => ({
        ...lie,
        ...(typeof lie.trunk === 'object' ? { trunk: { ...(welcome['trunk'] as object), ...lie.trunk } } : {}),
      })),
    );
    expect(codeOf(one)).toBe(code);
    expect(one.agreements).toBe(0);
    expect(one.asked).toEqual([]);
    expect(one.sent.map((packet) => eventOf(packet)![0])).not.toContain('join');
  });
});

describe('after a broken line', () => {
  /** Breaks the line at round 1; the second welcome is another one. */
  const returning = (change: Record<string, unknown>) => {
    let broken = false;
    const greet = greeting((_, time) => (time === 0 ? {} : change));
    return (packet: Packet, coordinator: { dropLines(): void }) => {
      if (!broken && eventOf(packet)?.[0] === 'round' && (eventOf(packet)![1] as { round: number }).round === 1) {
        broken = true;
        setImmediate(() => coordinator.dropLines());
      }
      return greet(packet);
    };
  };

  it('the same run goes on unasked', async () => {
    const one = await meet(returning({}));
    expect(codeOf(one)).toBe('finished');
    expect(one.agreements).toBe(1);
    expect(one.sent.filter((packet) => eventOf(packet)![0] === 'join')).toHaveLength(2);
  });

  it('more rounds are asked about, and a no is a no', async () => {
    const one = await meet(returning({ rounds: 40 }), [], (time) => time === 0);
    expect(codeOf(one)).toBe('declined');
    expect(one.agreements).toBe(2);
    const other = await meet(returning({ rounds: 40 }));
    expect(codeOf(other)).toBe('finished');
    expect(other.agreements).toBe(2);
  });

  it.each([
    ['evaluations more often', { evaluateEvery: 1 }],
    ['fewer rounds', { rounds: 2 }],
    ['rows of every round', { probeEvery: 1 }],
    ['rows instead of the sum', { exchange: 'rows' }],
    ['local steps', { local: { steps: 9, optimizer: { sgd: {} }, proximal: 0, scaffold: false } }],
    ['another seed', { seed: 9 }],
    ['another run', { run: 'other' }],
    ['heads without λ', { weightHeads: false }],
    ['heads of the best round', { select: 'best' }],
    ['losses after the step', { wants: ['losses-after'] }],
  ])('%s: refused', async (_, change) => {
    const one = await meet(returning(change));
    expect(codeOf(one)).toBe('REQUEST_NOT_AGREED');
    expect(one.agreements).toBe(1);
    expect(answeredIn(one).every((round) => (round as number) <= 1)).toBe(true);
  });
});

describe('before this client has joined', () => {
  const round = {
    round: 0,
    attempt: 0,
    version: 0,
    lambda: { dogs: 1 },
    exchange: 'sum',
    probe: false,
    checkpoint: false,
  };
  it.each([
    ['a round', event('round', { ...round, deadlineMs: null, credit: 4 })],
    ['scores', event('evaluate', { version: 4, attempt: 0, split: 'test' })],
    ['a return', event('rewind', { round: 0, attempt: 1 })],
    ['a farewell', event('finished', { run: 'small', rounds: 4, sha256: '0'.repeat(64) })],
  ])('%s is refused', async (_, early) => {
    const one = await meet((packet) => (welcomeIn(packet) ? [early, packet] : [packet]));
    expect(codeOf(one)).toBe('REQUEST_NOT_AGREED');
    expect(wordsOf(one)).toMatch(/agreed to nothing yet/);
    expect(one.saved).toEqual([]);
    expect(one.asked.filter((what) => what !== 'build')).toEqual([]);
  });
});

it('the end of another run is not the end of this one, and writes nothing anywhere', async () => {
  const before = readdirSync(temporary);
  const one = await meet(changed('finished', () => ({ run: 'elsewhere' })));
  expect(codeOf(one)).toBe('REQUEST_NOT_AGREED');
  expect(one.saved).toEqual([]);
  expect(readdirSync(temporary)).toEqual([...before, `run-${met - 1}`].sort());
});
