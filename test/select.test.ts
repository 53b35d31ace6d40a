import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadTasks, openClient } from '@trunkline/client';
import { planRun, readRun, type RunEvent } from '@trunkline/coordinator';
import { openBackend } from '@trunkline/model/backend';
import { ROOT } from './simulate/child.ts';
import { ALONE_OVERRIDES, trainTaskAlone } from './simulate/alone-task.ts';
import { rehearse, trainInProcess } from './simulate/in-process.ts';
import { readJob, type Job } from './simulate/job.ts';
import type { Joint } from './simulate/joint.ts';
import { trainOverSockets } from './simulate/sockets.ts';

const file = join(ROOT, 'examples', 'income', 'run.yaml');
const scratch = mkdtempSync(join(tmpdir(), 'trunkline-select-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A rate so high that validation scores have their best long before the end. */
const WILD = ['optimizer={ adam: { learningRate: 0.05 } }', 'rounds=60', 'evaluateEvery=5', 'probeEvery=0'];
const job = (...more: string[]): Job => ({ ...readJob(file, [...WILD, ...more]), threads: 1 });
const shown = ({ rounds, trunk, scores, digests }: Joint) => ({ rounds, trunk, scores, digests });

let n = 0;
async function overSockets(given: Job): Promise<{ joint: Joint; events: RunEvent[] }> {
  const events: RunEvent[] = [];
  const folder = join(scratch, String(n++));
  const joint = await trainOverSockets(given, { folder, heard: (event) => void events.push(event) });
  return { joint, events };
}

const scoresIn = (events: readonly RunEvent[], split: string) =>
  events.flatMap((event) => (event.event === 'scores' && event.split === split ? [event] : []));

describe('select: best', () => {
  it('tests the trunk with the best validation scores, with the heads of its round: the same over sockets and in one process', async () => {
    const { joint, events } = await overSockets(job('select=best'));
    const validation = scoresIn(events, 'validation');
    // Both tasks are scored by AUROC: the highest mean of AUROC relative to the first evaluation's.
    const [first] = validation;
    const relative = validation.map(({ tasks }) =>
      tasks.reduce((sum, { metrics }, i) => sum + metrics['auroc']! / first!.tasks[i]!.metrics['auroc']!, 0),
    );
    const best = validation[relative.indexOf(Math.max(...relative))]!.version;
    expect(best).toBeLessThan(60);
    expect(scoresIn(events, 'test')[0]).toMatchObject({ version: best });

    expect(shown(await trainInProcess(job('select=best')))).toEqual(shown(joint));
    // A run that ends with the best round, and selects nothing, has the same heads and scores.
    const short = await trainInProcess(job(`rounds=${best}`));
    const { sha256 } = short.trunk;
    expect(events.find(({ event }) => event === 'selected')).toMatchObject({ version: best, sha256 });
    expect(joint.scores).toEqual(short.scores);
    expect(joint.digests).toEqual(short.digests);
    expect(joint.rounds).toBe(60);
    // The trunk of the last round is what it is without selecting.
    expect(joint.trunk).toEqual((await trainInProcess(job())).trunk);
  });
});

describe('alone', () => {
  interface Evaluation {
    readonly version: number;
    readonly validation: number;
    readonly test: Readonly<Record<string, number | undefined>>;
  }

  /** A client's one task without the others, scored on both splits at every evaluation. */
  async function evaluationsOf(client: string, task: string): Promise<Evaluation[]> {
    const rehearsal = await rehearse(job(`clients=["${client}.yaml"]`, `expect=[${task}]`, ...ALONE_OVERRIDES));
    const { keeper, seats } = rehearsal;
    const learner = seats[0]!.learner;
    const found: Evaluation[] = [];
    while (keeper.version < 60) {
      keeper.advance(await rehearsal.answers(await rehearsal.round()));
      if (keeper.version % 5 !== 0) continue;
      const [validation] = await learner.evaluate(keeper.theta, 'validation');
      const [test] = await learner.evaluate(keeper.theta, 'test');
      found.push({ version: keeper.version, validation: validation!.metrics['auroc']!, test: test!.metrics });
    }
    rehearsal.dispose();
    return found;
  }
  const bestOf = (all: readonly Evaluation[]) =>
    all.reduce((best, one) => (one.validation > best.validation ? one : best));
  /** Until so many evaluations in a row were no better. */
  const heardUntil = (all: readonly Evaluation[], stopAfter: number) =>
    all.slice(0, 1 + all.findIndex((_, i) => i - all.indexOf(bestOf(all.slice(0, i + 1))) >= stopAfter));

  it.each(['bank', 'registry'])('%s is scored with its own best trunk and head, early stop or not', async (client) => {
    const { tf } = await openBackend({ device: 'auto', threads: 1, convolutional: false });
    const [task] = await loadTasks(await openClient(join(ROOT, 'examples', 'income', `${client}.yaml`)));
    const all = await evaluationsOf(client, task!.id);
    const scored = async (...more: string[]) => {
      const plan = planRun(readRun(file, [...WILD, ...more, ...ALONE_OVERRIDES]));
      return (await trainTaskAlone(tf, plan, { client, task: task! })).metrics;
    };
    const best = bestOf(all);
    expect(best.version).toBeLessThan(60);
    expect(best.test).not.toEqual(all.at(-1)!.test);
    expect(await scored('select=best')).toEqual(best.test);
    expect(await scored()).toEqual(all.at(-1)!.test);
    const heard = heardUntil(all, 1);
    expect(heard.length).toBeLessThan(all.length);
    expect(await scored('select=best', 'stopAfter=1')).toEqual(bestOf(heard).test);
    expect(await scored('stopAfter=1')).toEqual(heard.at(-1)!.test);
  });
});

describe('stopAfter', () => {
  it('ends after so many evaluations without a better one, at the same round over sockets and in one process', async () => {
    const { joint, events } = await overSockets(job('stopAfter=1', 'evaluateEvery=2', 'select=best'));
    expect(joint.rounds).toBeLessThan(60);
    const best = events.find(({ event }) => event === 'selected') as Extract<RunEvent, { event: 'selected' }>;
    expect(joint.rounds).toBe(best.version + 2);
    expect(events.at(-1)).toMatchObject({ event: 'finished', rounds: joint.rounds });
    expect(shown(await trainInProcess(job('stopAfter=1', 'evaluateEvery=2', 'select=best')))).toEqual(shown(joint));
  });

  it('and select are refused where rounds are not shared', () => {
    for (const key of ['select=best', 'stopAfter=3']) {
      const plan = () => planRun(readRun(file, [key, 'mode={ buffered: { size: 1 } }']));
      expect(plan).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', exit: 2 }) as Error);
    }
  });
});

describe('trunk.file', () => {
  const run = (json: string) => {
    writeFileSync(join(scratch, 'trunk.json'), json);
    const text = readFileSync(file, 'utf8').replace(/trunk:\n(?: .*\n)+/, 'trunk:\n  file: trunk.json\n');
    writeFileSync(join(scratch, 'run.yaml'), text.replace(/clients:[^]*$/, ''));
    return planRun(readRun(join(scratch, 'run.yaml')));
  };
  const dense = (units: number, more: object = {}) => ({
    class_name: 'Dense',
    config: { name: `dense-${units}`, units, activation: 'relu', ...more },
  });

  it('reads the layers of a Keras model beside the run file: the trunk that the same layers give', () => {
    const keras = run(
      JSON.stringify({
        class_name: 'Sequential',
        config: { layers: [dense(32, { batch_input_shape: [null, 32] }), dense(16)] },
      }),
    );
    expect(keras.trunk.digest).toBe(planRun(readRun(file)).trunk.digest);
  });

  it('says so when the file is missing, or is not JSON', () => {
    expect(() => run('{ no')).toThrow(expect.objectContaining({ code: 'CONFIG_SYNTAX', exit: 2 }) as Error);
    rmSync(join(scratch, 'trunk.json'));
    expect(() => planRun(readRun(join(scratch, 'run.yaml')))).toThrow('trunk.json');
  });
});
