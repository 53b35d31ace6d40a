import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeSmallRun } from './bad-input/small-run.ts';
import { COORDINATOR, openFleet } from './faults/fleet.ts';
import { COORDINATOR_FLAGS, ROOT, runChild, type Child } from './simulate/child.ts';
import { trainInProcess } from './simulate/in-process.ts';
import { readJob } from './simulate/job.ts';
import type { Joint } from './simulate/joint.ts';
import { SMALL_TRUNK } from './simulate/small-trunk.ts';
import { trainOverSockets } from './simulate/sockets.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-relay-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PATIENT = 'mode={ sync: { giveUpAfterMs: 120000 } }';
const bytesOf = ({ trunk, digests }: Joint) => ({ sha256: trunk.sha256, digests });

describe('two relays of two laboratories each', () => {
  const labs = join(ROOT, 'examples/drug-discovery/run.yaml');
  const two = 'relays={ north: [lab-a.yaml, lab-b.yaml], south: [lab-c.yaml, lab-d.yaml] }';
  const job = (...more: string[]) =>
    readJob(labs, [
      SMALL_TRUNK,
      'rounds=20',
      'evaluateEvery=10',
      'probeEvery=10',
      'checkpointEvery=10',
      PATIENT,
      ...more,
    ]);

  it('give the bytes of one process that adds in the same groups: trunk, heads and scores', async () => {
    const relayed = await trainOverSockets(job(two), {
      folder: join(folder, 'sum'),
      heard: () => undefined,
      clientArgs: (client) => ['--delay', client === 'lab-a' || client === 'lab-c' ? '5' : '0'],
    });
    const alike = await trainInProcess(job(two));
    expect(bytesOf(relayed)).toEqual(bytesOf(alike));
    expect(relayed.scores).toEqual(alike.scores);
    expect(Object.keys(relayed.digests).length).toBeGreaterThan(4);
  }, 900_000);
});

describe('a relay that is killed, and one of its clients with it', () => {
  it('goes on from its folder: all go back to a common round, and rows end in the bytes of a run without it', async () => {
    const file = writeSmallRun(join(folder, 'small'));
    const settings = ['rounds=40', 'strategy=pcgrad', 'evaluateEvery=20', 'checkpointEvery=10', PATIENT];
    const job = readJob(file, settings);
    const page = join(folder, 'my-relay.yaml');
    writeFileSync(page, 'relay: site\nexpect: [cats, dogs]\n');
    let relay: Child | undefined;
    let upstream = '';
    let door: Promise<string> | undefined;
    const start = () =>
      new Promise<string>((resolve, reject) => {
        const place = join(folder, 'site');
        relay = runChild({
          entry: 'apps/coordinator/dist/main.js',
          node: COORDINATOR_FLAGS,
          args: ['relay', upstream, page, '--port', '0', '--folder', place, '--format', 'jsonl'],
          log: join(folder, 'logs', 'relay.log'),
          heard: (line) => (line['event'] === 'listening' ? resolve(String(line['url'])) : undefined),
        });
        void relay.exited.then(({ how }) => reject(new Error(`the relay ended ${how}: ${relay!.lastWords()}`)));
      });
    const fleet = openFleet({
      folder: join(folder, 'fleet'),
      job,
      clientArgs: ['--delay', '40'],
      address(url) {
        upstream = url;
        return (door = start());
      },
    });
    try {
      await fleet.start(COORDINATOR);
      await fleet.start('north');
      await fleet.start('south');
      await fleet.until(({ from, said: one }) => from === COORDINATOR && one['round'] === 13);
      relay!.process.kill('SIGKILL');
      await Promise.all([relay!.exited, fleet.signal('south', 'SIGKILL')]);
      const [again] = await Promise.all([start(), fleet.start('south')]);
      expect(again).toBe(await door);
      const { said } = await fleet.until(({ from, said: one }) => from === COORDINATOR && one.event === 'finished');
      await Promise.all([COORDINATOR, 'north', 'south'].map((name) => fleet.ended(name)));
      expect(fleet.lines.some(({ from, said: one }) => from === COORDINATOR && one.event === 'rewound')).toBe(true);
      const alone = await trainInProcess(job);
      expect(said['sha256']).toBe(alone.trunk.sha256);
      expect((await relay!.exited).code).toBe(0);
    } finally {
      relay?.stop();
      await fleet.close();
    }
  });
});

it('a relay that looks for its coordinator ends at once when it is asked to', async () => {
  const page = join(folder, 'lost-relay.yaml');
  writeFileSync(page, 'relay: lost\nexpect: [cats]\n');
  const place = join(folder, 'lost');
  const relay = runChild({
    entry: 'apps/coordinator/dist/main.js',
    // Nobody listens there: ports below 1024 are not handed out.
    args: ['relay', 'http://127.0.0.1:9', page, '--folder', place],
    log: join(folder, 'logs', 'lost.log'),
    heard: () => undefined,
  });
  await expect.poll(() => existsSync(join(place, 'events.jsonl')), { timeout: 20_000 }).toBe(true);
  const asked = performance.now();
  relay.process.kill('SIGINT');
  expect((await relay.exited).code).toBe(130);
  expect(performance.now() - asked).toBeLessThan(5_000);
});
