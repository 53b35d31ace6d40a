import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readRun, startCoordinator, type RunEvent } from '@trunkline/coordinator';
import { flatDigest } from '@trunkline/model/layout';
import { ROOT, runChild } from './simulate/child.ts';
import { rehearse, trainInProcess, whole } from './simulate/in-process.ts';
import { readJob, type Job } from './simulate/job.ts';
import type { Joint } from './simulate/joint.ts';
import { SMALL_TRUNK } from './simulate/small-trunk.ts';
import { trainOverSockets } from './simulate/sockets.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-modes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = join(ROOT, 'examples', 'drug-discovery', 'run.yaml');
let n = 0;
const newFolder = () => join(folder, String(n++));
const job = (rounds: number, ...more: string[]) =>
  readJob(file, [
    SMALL_TRUNK,
    `rounds=${rounds}`,
    `evaluateEvery=${rounds}`,
    'probeEvery=0',
    'checkpointEvery=1000',
    ...more,
  ]);
const bytesOf = ({ trunk, digests }: Joint) => ({ sha256: trunk.sha256, digests });
const mode = (value: object) => `mode=${JSON.stringify(value)}`;
const sockets = async (of: Job, clientArgs: (client: string) => string[] = () => []) => {
  const runFolder = newFolder();
  const joint = await trainOverSockets(of, { folder: runFolder, heard: () => undefined, clientArgs });
  const lines = readFileSync(join(runFolder, 'events.jsonl'), 'utf8').trim().split('\n');
  return { joint, events: lines.map((line) => JSON.parse(line) as RunEvent) };
};
const only = <E extends RunEvent['event']>(events: readonly RunEvent[], event: E) =>
  events.filter((one): one is Extract<RunEvent, { event: E }> => one.event === event);

describe('mode local', () => {
  const labs = ['lab-a.yaml', 'lab-d.yaml'].map((name) => join(ROOT, 'examples', 'drug-discovery', name));
  const two = [`clients=${JSON.stringify(labs)}`, 'expect=[nr-ar, nr-er, sr-atad5, nr-aromatase, sr-are, sr-p53]'];
  const one = { local: { steps: 1, optimizer: { sgd: { learningRate: 1 } } } };

  it('with one step of sgd(1) is sync with rows, bit for bit, over 25 rounds, in one process and over sockets', async () => {
    const sync = bytesOf(await trainInProcess(job(25, ...two, 'exchange=rows')));
    expect(bytesOf(await trainInProcess(job(25, ...two, 'exchange=rows', mode(one))))).toEqual(sync);
    expect(bytesOf((await sockets(job(25, ...two, 'exchange=rows', mode(one)))).joint)).toEqual(sync);
  }, 900_000);

  it('gives the bytes of one process over sockets with several steps, SCAFFOLD and weights by samples', async () => {
    const rules = { steps: 3, optimizer: { sgd: { learningRate: 0.1 } }, scaffold: true, weighBySamples: true };
    const lambda = 'weights={"nr-ar": 0.3, "sr-p53": 2}';
    const summed = job(8, ...two, mode({ local: rules }), lambda);
    const expected = bytesOf(await trainInProcess(summed));
    expect(bytesOf((await sockets(summed)).joint)).toEqual(expected);
    const plain = bytesOf(await trainInProcess(job(8, ...two, mode({ local: { ...rules, scaffold: false } }), lambda)));
    expect(plain.sha256).not.toBe(expected.sha256);
  }, 900_000);
});

/** Low enough that the slow client is too late for it on any machine. */
const MAX_AGE = 2;

describe('mode buffered', () => {
  it('writes down which answers made each step and which came too late: the trunk is an independent replay of that record, byte for byte', async () => {
    const rounds = 50;
    const of = job(rounds, mode({ buffered: { size: 3, maxAge: MAX_AGE } }), 'optimizer={"momentum": {}}');
    const slow = (client: string) => (client === 'lab-b' ? ['--delay', '1000'] : ['--delay', '15']);
    const { joint, events } = await sockets(of, slow);
    const record = only(events, 'accepted');
    expect(record.map(({ round }) => round)).toEqual(Array.from({ length: rounds }, (_, round) => round));
    expect(record.flatMap(({ answers }) => answers).some(({ age }) => age > 0)).toBe(true);
    // Each line stands before the round that it made, and so before the trunk went out.
    const kinds = events.flatMap((event) =>
      event.event === 'accepted' || event.event === 'round' ? [event.event] : [],
    );
    expect(kinds).toEqual(record.flatMap(() => ['accepted', 'round']));
    expect(await replay(of, record)).toBe(joint.trunk.sha256);
    // What came from too old a trunk is said as it comes in, and stands in the record with nothing to its name.
    const dropped = only(events, 'dropped').map(({ client, age, maxAge }) => ({ client, age, maxAge }));
    expect(dropped.map(({ client }) => client)).toContain('lab-b');
    for (const { age } of dropped) expect(age).toBeGreaterThan(MAX_AGE);
    const recorded = record.flatMap(({ answers }) => answers).filter(({ scale }) => scale === 0);
    expect(recorded.length).toBeGreaterThan(0);
    expect(dropped.slice(0, recorded.length)).toEqual(
      recorded.map(({ client, age }) => ({ client, age, maxAge: MAX_AGE })),
    );
  }, 900_000);

  it('in one process is the same every time', async () => {
    const of = job(20, mode({ buffered: { size: 2, staleness: { 'fedasync-poly': { a: 1 } } } }), 'strategy=pcgrad');
    expect(bytesOf(await trainInProcess(of))).toEqual(bytesOf(await trainInProcess(of)));
  });
});

/** From the record alone: recomputes every answer, from the trunk that it names, and adds them up in plain loops. */
async function replay(of: Job, record: readonly Extract<RunEvent, { event: 'accepted' }>[]): Promise<string> {
  const rehearsal = await rehearse(of);
  const { plan, keeper, seats } = rehearsal;
  let theta = keeper.theta.slice();
  const trunks = [theta];
  const { length } = theta;
  const optimizer = plan.optimizer.init(length);
  for (const { round, answers } of record) {
    const sum = new Float64Array(length);
    for (const { client, call, version, age, scale } of answers) {
      expect(age).toBe(round - version);
      const { learner, lambda } = seats.find((seat) => seat.client === client)!;
      const step = { round: call, theta: trunks[version]!, lambda, exchange: 'sum', probe: false } as const;
      const { gradients } = await learner.step(step);
      expect(scale).toBe(age > MAX_AGE ? 0 : 1 / Math.sqrt(1 + age));
      if (age > MAX_AGE) continue;
      const times = answers.filter((other) => other.client === client && other.age <= MAX_AGE).length;
      const values = await whole(gradients[0]!.slices, length);
      for (let i = 0; i < length; i++) sum[i]! += (scale / times) * values[i]!;
    }
    theta = theta.slice();
    plan.optimizer.update(theta, Float32Array.from(sum), optimizer);
    trunks.push(theta);
  }
  rehearsal.dispose();
  return flatDigest(theta);
}

describe('a running run', () => {
  it('takes in an optional client, warms its heads up, anew where the run goes back to before it came, and goes on without it after its goodbye', async () => {
    const labs = ['lab-a', 'lab-c'].map((name) => join(ROOT, 'examples', 'drug-discovery', `${name}.yaml`));
    const config = readRun(file, [
      SMALL_TRUNK,
      'rounds=100000',
      'probeEvery=0',
      'evaluateEvery=100000',
      'expect=[nr-ar, nr-er, sr-atad5]',
      'optional=[nr-ahr, nr-ppar-gamma, sr-mmp]',
      'warmup=60',
      'checkpointEvery=100',
    ]);
    const events: RunEvent[] = [];
    /** What clients say of heads that they begin with in the middle of the run. */
    const anew: unknown[] = [];
    let heard: () => void = () => undefined;
    const until = async (holds: () => boolean) => {
      while (!holds()) await new Promise<void>((resolve) => (heard = resolve));
    };
    const coordinator = await startCoordinator(config, {
      folder: newFolder(),
      sinks: [(event) => (events.push(event), heard())],
    });
    const join2 = (client: string) =>
      runChild({
        entry: 'apps/client/dist/main.js',
        args: [
          'join',
          coordinator.url,
          client,
          '--yes',
          '--threads',
          '1',
          '--state',
          join(folder, 'state'),
          '--format',
          'jsonl',
        ],
        log: join(folder, 'client.log'),
        heard: (line) => void (line['event'] === 'anew' && anew.push(line['round'])),
      });
    const rounds = () => only(events, 'round');
    const withGuest = () => rounds().filter(({ clients }) => 'lab-c' in clients);
    const host = join2(labs[0]!);
    await until(() => rounds().length > 100);
    coordinator.pause();
    const guest = join2(labs[1]!);
    await until(() => only(events, 'joined').length === 2);
    coordinator.resume();
    await until(() => withGuest().length >= 5);
    expect(withGuest()[0]!.round).toBeGreaterThan(100);
    const [first, ...later] = withGuest().map(({ clients }) => clients['lab-c']!.stepMs);
    expect(first).toBeGreaterThan(15 * Math.max(...later));
    // Round 100 was before its time: it holds no heads of it, and begins with new ones, warmed up again.
    coordinator.rewind(100);
    const again = () => withGuest().filter(({ attempt }) => attempt === 1);
    await until(() => again().length >= 5);
    expect(only(events, 'anew').map(({ client, round }) => [client, round])).toEqual([['lab-c', 100]]);
    expect(anew.at(-1)).toBe(100);
    const [second, ...rest] = again().map(({ clients }) => clients['lab-c']!.stepMs);
    expect(again()[0]!.round).toBe(100);
    expect(second).toBeGreaterThan(15 * Math.max(...rest));
    guest.process.kill('SIGINT');
    expect((await guest.exited).code).toBe(130);
    await until(() => only(events, 'left').length > 0);
    const gone = rounds().length;
    await until(() => rounds().length >= gone + 5);
    expect(only(events, 'left').map(({ client, reason }) => [client, reason])).toEqual([['lab-c', 'interrupted']]);
    expect(Object.keys(rounds().at(-1)!.clients)).toEqual(['lab-a']);
    await coordinator.close();
    host.stop();
    await host.exited;
  });
});
