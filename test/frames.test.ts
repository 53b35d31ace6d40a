import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Encoder, limits } from '@trunkline/protocol';
import { randomStream } from '@trunkline/model/random';
import { feedFrames } from './wire/feed-frames.ts';
import { startMeasured, THIN_INPUT, type MeasuredCoordinator } from './wire/measured-coordinator.ts';
import { makeNoise } from './wire/noise.ts';
import { openRawLine } from './wire/raw-line.ts';
import { openThinClient, type ThinClient } from './wire/thin-client.ts';

it('100,000 mutated frames give an error or a message, none takes long, and nothing of them stays', () => {
  feedFrames(0, 5_000);
  const before = process.memoryUsage().rss;
  const { parser, schema, message, slowest } = feedFrames(1, 100_000);
  expect(parser + schema + message).toBe(100_000);
  // Each gate is reached, or the mutations would prove nothing of it.
  for (const count of [parser, schema, message]) expect(count).toBeGreaterThan(1_000);
  expect(slowest).toBeLessThan(100);
  expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
});

describe('a coordinator under noise', () => {
  const parameters = 4_000;
  const ROUNDS = 600;
  const LINES = 2_000;
  const NOISY = 20;
  let coordinator: MeasuredCoordinator;
  let honest: ThinClient;
  let stop = false;

  beforeAll(async () => {
    coordinator = await startMeasured({ parameters, tasks: ['task'], rounds: ROUNDS });
    const gradient = new Float32Array(parameters).fill(0.01);
    // As long as the noise lasts; then it runs to the end.
    const delay = () => (stop ? Promise.resolve() : new Promise<void>((resolve) => setTimeout(resolve, 100)));
    honest = openThinClient({
      ...{ url: coordinator.url, client: 'honest', task: 'task', input: THIN_INPUT, delay },
      gradient: () => gradient,
    });
    await coordinator.until('round');
  });
  afterAll(() => {
    honest.close();
    coordinator.child.process.kill('SIGKILL');
    rmSync(coordinator.folder, { recursive: true, force: true });
  });

  it('neither ends nor grows from 2,000 lines of random bytes, and an honest client’s rounds go on', async () => {
    const lines = (count: number, seed: number) =>
      Promise.all(
        Array.from({ length: NOISY }, (_, i) =>
          makeNoise(coordinator.url, `noisy-${i}`, { count: count / NOISY, random: randomStream(seed, i) }),
        ),
      );
    await lines(200, 1);
    const before = await coordinator.read();
    const rounds = coordinator.events.filter(({ event }) => event === 'round').length;
    const opened = await lines(LINES, 2);
    expect(opened.reduce((sum, count) => sum + count)).toBe(LINES);
    expect(coordinator.events.filter(({ event }) => event === 'round').length).toBeGreaterThan(rounds);
    const after = await coordinator.read();
    expect(after.uncaught).toBe(0);
    expect(after.rss - before.rss).toBeLessThan(50_000_000);
    expect(Math.abs(after.descriptors - before.descriptors)).toBeLessThan(NOISY + 4);
  });

  it('sends a client away that is refused again and again, and says why; coming back gives it no new allowance', async () => {
    const encoder = new Encoder();
    const bad = (id: number) => encoder.encode({ type: 2, nsp: '/', id, data: ['answered', { round: 'x' }] });
    const line = await openRawLine(coordinator.url, 'stubborn');
    for (let id = 0; id <= limits.refusals.burst + 20; id++) line.send(bad(id));
    const first = await line.reply(0);
    expect(first?.ok === false && first.error.code).toBe('MESSAGE_INVALID');
    expect(await line.refused).toMatchObject({ code: 'REFUSALS_EXHAUSTED' });
    await line.closed;
    const again = await openRawLine(coordinator.url, 'stubborn');
    for (let id = 0; id < 20; id++) again.send(bad(id));
    expect(await again.refused).toMatchObject({ code: 'REFUSALS_EXHAUSTED' });
  });

  it('and the honest client finishes', async () => {
    stop = true;
    await expect(honest.done).resolves.toMatchObject({ rounds: ROUNDS });
    expect(honest.events.filter(({ what }) => what === 'lost')).toEqual([]);
  });
});
