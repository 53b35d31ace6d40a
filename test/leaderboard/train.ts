import { byCodeUnits, conflictsOf, planRun, readRun, type Row } from '@trunkline/coordinator';
import { loadTasks } from '@trunkline/client';
import { openBackend } from '@trunkline/model/backend';
import { needsNativeOrCpu } from '@trunkline/model/layer';
import type { StepResult } from '@trunkline/model/learner';
import { fail } from '@trunkline/protocol';
import { ALONE_OVERRIDES, trainTaskAlone } from '../simulate/alone-task.ts';
import { rehearse, whole, type Rehearsal } from '../simulate/in-process.ts';
import { readJob } from '../simulate/job.ts';
import { createSelecting } from '../simulate/selecting.ts';
import { conflictRate } from './conflict-rate.ts';

export type Conflicts = ReturnType<typeof conflictsOf>;

export interface Score {
  readonly task: string;
  readonly client: string;
  /** The task's first metric and its value on the test split; null where it has none. */
  readonly metric: string;
  readonly value: number | null;
}

/** What one training gave. */
export interface Trained {
  readonly scores: readonly Score[];
  /** Share of task pairs in conflict over the probed rounds; null alone, where there are no pairs. */
  readonly conflictRate: number | null;
  /** Training, without data and scores. */
  readonly seconds: number;
  readonly rounds: number;
  readonly backend: string;
}

/** Trains all tasks together in this process and probes the rounds that the run says. */
export async function trainTogether(file: string, overrides: readonly string[]): Promise<Trained> {
  const job = readJob(file, overrides);
  const { rounds, probeEvery } = job.config;
  const backend = await openBackend({
    device: 'auto',
    threads: job.threads,
    convolutional: needsNativeOrCpu(planRun(job.config).trunk),
  });
  const rehearsal = await rehearse(job);
  const { keeper, seats, plan } = rehearsal;
  if (plan.pace.buffer) {
    const remedy = 'Compare methods in mode sync or local.';
    throw fail('USAGE', { what: 'The leaderboard knows no mode buffered: there is no round to probe.', remedy });
  }
  const selecting = createSelecting(plan, seats);
  let enough = false;
  const probed: Conflicts[] = [];
  const started = performance.now();
  while (keeper.version < rounds && !enough) {
    const probe = probeEvery > 0 && keeper.version % probeEvery === 0;
    const results = await rehearsal.round(probe && plan.exchange === 'sum');
    const answers = await rehearsal.answers(results);
    if (probe)
      probed.push(conflictsOf(answers.exchange === 'rows' ? answers.rows : await probesOf(rehearsal, results)));
    keeper.advance(answers);
    enough = await selecting.scored(keeper);
  }
  const seconds = (performance.now() - started) / 1000;
  const chosen = selecting.chosen(keeper);
  const scores: Score[] = [];
  for (const { client, learner } of seats) {
    for (const { task, metrics } of await learner.evaluate(chosen, 'test')) scores.push(scoreOf(task, client, metrics));
  }
  rehearsal.dispose();
  return { scores: ordered(scores), conflictRate: conflictRate(probed), seconds, rounds, backend: backend.line };
}

/** Trains every task without the others, one after the other in this process. */
export async function trainEachAlone(file: string, overrides: readonly string[]): Promise<Trained> {
  const job = readJob(file, overrides);
  const plan = planRun(readRun(file, [...job.overrides, ...ALONE_OVERRIDES]));
  const backend = await openBackend({
    device: 'auto',
    threads: job.threads,
    convolutional: needsNativeOrCpu(plan.trunk),
  });
  const scores: Score[] = [];
  let seconds = 0;
  for (const { config } of job.clients) {
    for (const task of await loadTasks(config)) {
      const started = performance.now();
      const { metrics } = await trainTaskAlone(backend.tf, plan, { client: config.client, task });
      seconds += (performance.now() - started) / 1000;
      scores.push(scoreOf(task.id, config.client, metrics));
    }
  }
  return { scores: ordered(scores), conflictRate: null, seconds, rounds: plan.config.rounds, backend: backend.line };
}

function scoreOf(task: string, client: string, metrics: Readonly<Record<string, number | undefined>>): Score {
  const [metric, value] = Object.entries(metrics)[0]!;
  return { task, client, metric, value: value ?? null };
}

const ordered = (scores: readonly Score[]): Score[] =>
  scores.toSorted((a, b) => byCodeUnits(a.task, b.task) || byCodeUnits(a.client, b.client));

async function probesOf({ seats, plan }: Rehearsal, results: Record<string, StepResult>): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { client, lambda, rowIds } of seats) {
    for (const { kind, tasks, slices } of results[client]!.gradients) {
      if (kind !== 'probe') continue;
      const task = tasks[0]!;
      const values = await whole(slices, plan.trunk.layout.length);
      rows.push({ id: rowIds[task]!, lambda: lambda[task]!, loss: NaN, values });
    }
  }
  return rows;
}
