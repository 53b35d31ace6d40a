import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readClient, startClient, type ClientEvent } from '@trunkline/client';
import { readRun, startCoordinator, type RunEvent } from '@trunkline/coordinator';
import { fileDisk } from '@trunkline/model/disk';
import { COORDINATOR, openFleet, type Line } from './faults/fleet.ts';
import { ROOT } from './simulate/child.ts';
import { trainInProcess } from './simulate/in-process.ts';
import { readJob } from './simulate/job.ts';
import { SMALL_TRUNK } from './simulate/small-trunk.ts';

const temporary = mkdtempSync(join(tmpdir(), 'trunkline-recovery-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const run = join(ROOT, 'examples/drug-discovery/run.yaml');
const lab = join(ROOT, 'examples/drug-discovery/lab-a.yaml');

describe('processes that are killed', () => {
  it('end in the bytes of a run that nothing happened to: a coordinator, then another time with a lab', async () => {
    const labs = ['lab-a', 'lab-d'];
    const job = readJob(run, [
      SMALL_TRUNK,
      `clients=${JSON.stringify(labs.map((name) => `${name}.yaml`))}`,
      'expect=["nr-ar","nr-er","sr-atad5","nr-aromatase","sr-are","sr-p53"]',
      'rounds=24',
      'checkpointEvery=4',
      'evaluateEvery=10',
      'probeEvery=10',
      'select=best',
    ]);
    // Held up a little, so that there is a run left to kill.
    const fleet = openFleet({ folder: join(temporary, 'killed'), job, clientArgs: ['--delay', '30'] });
    const closed =
      (round: number) =>
      ({ from, said }: Line) =>
        from === COORDINATOR && said.event === 'round' && Number(said['round']) >= round;
    await Promise.all([COORDINATOR, ...labs].map((member) => fleet.start(member)));
    const kills: [number, string[]][] = [
      [6, [COORDINATOR]],
      [14, [labs[0]!, COORDINATOR]],
    ];
    try {
      for (const [round, members] of kills) {
        await fleet.until(closed(round), { from: fleet.lines.length });
        for (const member of members) await fleet.signal(member, 'SIGKILL');
        for (const member of members) await fleet.start(member);
      }
      const end = await fleet.until(({ from, said }) => from === COORDINATOR && said.event === 'finished');
      for (const member of [COORDINATOR, ...labs]) expect((await fleet.ended(member)).code, member).toBe(0);
      const undisturbed = await trainInProcess(job);
      expect(end.said['sha256']).toBe(undisturbed.trunk.sha256);
      expect(digestsOf(fleet.lines)).toEqual(undisturbed.digests);
    } finally {
      await fleet.close();
    }
  });
});

/** Of the heads that the test scores are of. */
const digestsOf = (lines: readonly Line[]): Record<string, string> =>
  Object.fromEntries(
    lines
      .filter(({ said }) => said.event === 'scores' && said['split'] === 'test' && 'digests' in said)
      .flatMap(({ from, said }) =>
        Object.entries(said['digests'] as Record<string, string>).map(([name, digest]) => [`${from}/${name}`, digest]),
      ),
  );

const settings = [
  SMALL_TRUNK,
  'expect=["nr-ar","nr-er","sr-atad5"]',
  'checkpointEvery=5',
  'probeEvery=0',
  'evaluateEvery=10',
];

/** One lab and its coordinator in this process, which end by themselves or are stopped. */
function house(name: string) {
  const folder = join(temporary, name);
  return {
    folder,
    async coordinator(more: readonly string[] = [], on: (event: RunEvent) => void = () => undefined) {
      const heard: RunEvent[] = [];
      const coordinator = await startCoordinator(readRun(run, [...settings, ...more]), {
        folder,
        resume: true,
        sinks: [(event) => void heard.push(event), on],
      });
      return { coordinator, heard };
    },
    async lab(url: string, on: (event: ClientEvent) => void = () => undefined) {
      const heard: ClientEvent[] = [];
      const client = await startClient(readClient(lab), {
        url,
        threads: 1,
        state: join(temporary, `${name}-state`),
        emit(event) {
          heard.push(event);
          on(event);
        },
        agree: () => Promise.resolve(true),
      });
      return { client, heard };
    },
  };
}
const testDigests = (heard: readonly ClientEvent[]) =>
  heard.findLast((event) => event.event === 'scores' && event.split === 'test');

describe('a run folder and a state folder', () => {
  it('go on after both sides were stopped, tell the end again, take more rounds, and refuse an older backup', async () => {
    const straight = house('straight');
    const first = await straight.coordinator(['rounds=40']);
    const one = await straight.lab(first.coordinator.url);
    const expected = await first.coordinator.done;
    await one.client.done;
    await first.coordinator.close();
    const goal = expected.kind === 'finished' ? expected.sha256 : 'it did not finish';

    // Stopped in the middle.
    const broken = house('broken');
    let stop: () => void = () => undefined;
    const stopped = new Promise<void>((resolve) => (stop = resolve));
    const second = await broken.coordinator(['rounds=30'], (event) => {
      if (event.event === 'round' && event.round === 17) stop();
    });
    const two = await broken.lab(second.coordinator.url);
    await stopped;
    await second.coordinator.close();
    await two.client.close();
    const backup = join(temporary, 'backup');
    cpSync(broken.folder, backup, { recursive: true });

    // Both go on, at the address of before.
    const third = await broken.coordinator(['rounds=30']);
    expect(third.coordinator.url).toBe(second.coordinator.url);
    expect(third.heard).toContainEqual({ event: 'continued', round: 15, attempt: 0 });
    const three = await broken.lab(third.coordinator.url);
    expect(await third.coordinator.done).toMatchObject({ kind: 'finished', rounds: 30 });
    const end = await three.client.done;
    await third.coordinator.close();
    expect(three.heard).toContainEqual({ event: 'continued', round: 15 });
    expect(third.heard).toContainEqual({ event: 'rewound', round: 15, attempt: 1 });

    // It is over: told again, to a client that is started again too.
    const fourth = await broken.coordinator(['rounds=30']);
    const four = await broken.lab(fourth.coordinator.url);
    expect(await four.client.done).toEqual(end);
    await fourth.coordinator.close();
    expect(fourth.heard.map(({ event }) => event)).toEqual(['listening', 'finished']);
    expect(await fourth.coordinator.done).toEqual(await third.coordinator.done);

    // More rounds: the run that had as many from the start.
    const fifth = await broken.coordinator(['rounds=40']);
    const five = await broken.lab(fifth.coordinator.url);
    expect(await fifth.coordinator.done).toMatchObject({ kind: 'finished', sha256: goal });
    await five.client.done;
    await fifth.coordinator.close();
    expect(testDigests(five.heard)).toEqual(testDigests(one.heard));
    const lines = readFileSync(join(broken.folder, 'events.jsonl'), 'utf8').trim().split('\n');
    expect(lines.filter((line) => (JSON.parse(line) as RunEvent).event === 'listening')).toHaveLength(4);

    // An older copy of the folder knows less than the client.
    rmSync(broken.folder, { recursive: true });
    cpSync(backup, broken.folder, { recursive: true });
    const sixth = await broken.coordinator(['rounds=40']);
    const six = await broken.lab(sixth.coordinator.url);
    const refused = await sixth.coordinator.done;
    expect(refused.kind === 'failed' && refused.error.code).toBe('RUN_OLDER');
    const heardBy = await six.client.done;
    expect(heardBy.kind === 'failed' && heardBy.error.code).toBe('RUN_OLDER');
    await sixth.coordinator.close();
  });

  it('a client whose state is gone goes on with new heads, and both sides say so', async () => {
    const lossy = house('lossy');
    let stop: () => void = () => undefined;
    const stopped = new Promise<void>((resolve) => (stop = resolve));
    const { coordinator, heard } = await lossy.coordinator(['rounds=30'], (event) => {
      if (event.event === 'round' && event.round === 12) stop();
    });
    const before = await lossy.lab(coordinator.url);
    await stopped;
    await before.client.close();
    rmSync(join(temporary, 'lossy-state', 'drug-discovery'), { recursive: true });
    const after = await lossy.lab(coordinator.url);
    expect((await coordinator.done).kind).toBe('finished');
    await after.client.done;
    await coordinator.close();
    const anew = heard.find((event) => event.event === 'anew');
    expect(anew).toMatchObject({ client: 'lab-a' });
    expect(after.heard.some((event) => event.event === 'anew')).toBe(true);
    expect(heard.some((event) => event.event === 'rewound')).toBe(false);
  });

  it('a disk that fills up ends the run as a failure of storage; with room again it goes on', async () => {
    const full = house('full');
    const disk = fileDisk();
    const config = readRun(run, [...settings, 'rounds=20']);
    const tight = await startCoordinator(config, {
      folder: full.folder,
      disk: {
        ...disk,
        // What belongs to round 10 finds no room.
        open: (path, how) => disk.open(path.includes('000010') ? '/dev/full' : path, how),
      },
    });
    const client = await full.lab(tight.url);
    const outcome = await tight.done;
    expect(outcome.kind === 'failed' && [outcome.error.code, outcome.error.exit]).toEqual(['STORAGE_FAILED', 50]);
    await client.client.done;
    await tight.close();
    const { coordinator } = await full.coordinator(['rounds=20']);
    const again = await full.lab(coordinator.url);
    expect(await coordinator.done).toMatchObject({ kind: 'finished', rounds: 20 });
    await again.client.done;
    await coordinator.close();
  });
});
