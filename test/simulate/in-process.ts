import { setImmediate } from 'node:timers/promises';
import { loadTasks } from '@trunkline/client';
import { byCodeUnits, createTrunkStep, planRun, type ScoredTask } from '@trunkline/coordinator';
import { openBackend } from '@trunkline/model/backend';
import { needsNativeOrCpu } from '@trunkline/model/layer';
import { flatDigest } from '@trunkline/model/layout';
import { DRAWS } from '@trunkline/model/aggregation';
import { roomFor } from '@trunkline/model/kernel';
import { createLearner, describeTask, type StepResult } from '@trunkline/model/learner';
import { jsonMetrics } from '@trunkline/model/metrics';
import { trainBuffered } from './buffered.ts';
import { codedWire } from './coded.ts';
import type { Job } from './job.ts';
import type { Joint } from './joint.ts';
import { grouped, groupedRows, groupedSum, type ClientRow, type Summand } from './grouping.ts';
import { createSelecting } from './selecting.ts';
import { furtherCall, type Rehearsal, type Seat } from './rehearsal.ts';

export type { Rehearsal } from './rehearsal.ts';

export async function rehearse(job: Job): Promise<Rehearsal> {
  const plan = planRun(job.config);
  const { trunk, exchange, weightHeads } = plan;
  const backend = await openBackend({ device: 'auto', threads: job.threads, convolutional: needsNativeOrCpu(trunk) });
  const clients = [];
  for (const { config } of [...job.clients].sort((a, b) => byCodeUnits(a.config.client, b.config.client))) {
    const { client } = config;
    const tasks = await loadTasks(config);
    const offers = [];
    for (const task of tasks) offers.push(await describeTask(task, trunk));
    const learner = await createLearner({ tf: backend.tf, trunk, tasks, seed: job.config.seed, client, weightHeads });
    clients.push({ client, learner, offers });
  }
  const bySamples = plan.pace.local?.weighBySamples;
  const { groups, asked } = grouped(clients, job.relays, { weights: job.config.weights, bySamples });
  const seats = clients.map(({ client, learner }) => {
    const { lambda, scale, rowIds } = asked.get(client)!;
    return { client, learner, lambda, scale, rowIds };
  });
  const keeper = createTrunkStep(plan);
  /** Of one round; the next one is made in the same place. */
  const sum = roomFor(2, trunk.layout.length).float64(trunk.layout.length);
  const wire = codedWire(plan, new Set([...job.relays.values()].flat()));
  return {
    plan,
    keeper,
    seats,
    wire,
    async round(probe = false) {
      const results: Record<string, StepResult> = {};
      for (const { client, learner, lambda, scale } of seats) {
        const { version: round } = keeper;
        const { theta, control } = wire.broadcast(keeper, client);
        const local = furtherCall(plan, { control }, scale);
        results[client] = await learner.step({ round, theta, lambda, exchange, probe, ...local });
      }
      return results;
    },
    async answers(results, weights = {}) {
      const length = trunk.layout.length;
      const present = seats.filter(({ client }) => results[client]);
      const all = present.reduce((sum, seat) => shares(seat, weights, Object.keys(seat.lambda), sum), 0);
      if (exchange === 'rows') {
        const rows = await rowsOf({ seats: present, wire }, results, length);
        return { exchange, rows: groupedRows(groups, rows, results), all };
      }
      const found = new Map<string, Summand>();
      let share = 0;
      for (const seat of present) {
        const gradient = results[seat.client]!.gradients.find(({ kind }) => kind === 'sum');
        share = shares(seat, weights, gradient?.tasks ?? [], share);
        const given = gradient && (await whole(gradient.slices, length));
        if (given) {
          const values = wire.carry(seat.client, gradient, given);
          found.set(seat.client, { tasks: gradient.tasks, values });
        }
      }
      return { exchange, ...groupedSum(sum, groups, found), share, all };
    },
    dispose: () => seats.forEach(({ learner }) => learner.dispose()),
  };
}

const shareOf = ({ lambda, scale }: Seat, task: string): number => lambda[task]! * (scale?.[task] ?? 1);
const shares = (
  seat: Seat,
  weights: Readonly<Record<string, number>>,
  tasks: readonly string[],
  from: number,
): number => tasks.reduce((sum, task) => sum + shareOf(seat, task) * (weights[task] ?? 1), from);

async function rowsOf(
  { seats, wire }: Pick<Rehearsal, 'seats' | 'wire'>,
  results: Record<string, StepResult>,
  length: number,
): Promise<ClientRow[]> {
  const rows: ClientRow[] = [];
  for (const seat of seats) {
    const { client, lambda, rowIds } = seat;
    const { gradients, losses } = results[client]!;
    const vectors = new Map<string, Float32Array>();
    for (const { kind, tasks, slices } of gradients) {
      const values = wire.carry(client, { kind, tasks }, await whole(slices, length));
      vectors.set(`${kind}/${tasks[0]}`, values);
    }
    const draws = DRAWS.some((draw) => gradients.some(({ kind }) => kind === draw));
    for (const { task, loss, after } of losses) {
      const values = vectors.get(`row/${task}`);
      if (!values) continue;
      rows.push({
        ...{ task, client, id: rowIds[task]!, lambda: lambda[task]!, share: shareOf(seat, task), loss, values },
        ...(after === undefined ? {} : { after }),
        ...(draws ? { extra: DRAWS.map((draw) => vectors.get(`${draw}/${task}`)) } : {}),
      });
    }
  }
  return rows;
}

/** A gradient's slices as one vector: itself, where it is one slice. */
export async function whole(
  slices: AsyncIterable<{ offset: number; values: Float32Array }>,
  length: number,
): Promise<Float32Array> {
  let vector: Float32Array | undefined;
  for await (const { offset, values } of slices) {
    if (values.length === length) vector = values;
    else (vector ??= new Float32Array(length)).set(values, offset);
  }
  return vector ?? new Float32Array(length);
}

/**
 * The joint training in this one process, on its one training thread: all clients' steps in turn.
 * @param signal ends it between two rounds, with the signal's reason
 */
export async function trainInProcess(job: Job, signal?: AbortSignal): Promise<Joint> {
  const rehearsal = await rehearse(job);
  const { plan, keeper, seats } = rehearsal;
  const { rounds, probeEvery } = job.config;
  const started = performance.now();
  // Steps never wait for anything: without a turn of the event loop no signal would be heard.
  const turn = async () => {
    await setImmediate();
    signal?.throwIfAborted();
  };
  if (plan.pace.buffer) await trainBuffered(rehearsal, plan.pace.buffer, turn);
  const selecting = createSelecting(plan, seats);
  let enough = false;
  while (keeper.version < rounds && !enough) {
    const probe = probeEvery > 0 && keeper.version % probeEvery === 0 && plan.exchange === 'sum';
    keeper.advance(await rehearsal.answers(await rehearsal.round(probe)));
    enough = await selecting.scored(keeper);
    await turn();
  }
  const seconds = (performance.now() - started) / 1000;
  const chosen = selecting.chosen(keeper);
  const scores: ScoredTask[] = [];
  const digests: Record<string, string> = {};
  for (const { client, learner } of seats) {
    for (const { task, loss, metrics } of await learner.evaluate(chosen, 'test')) {
      scores.push({
        task,
        client,
        loss: Number.isFinite(loss) ? loss : null,
        metrics: jsonMetrics(metrics),
      });
    }
    for (const [name, digest] of Object.entries(learner.digests())) digests[`${client}/${name}`] = digest;
  }
  rehearsal.dispose();
  return {
    rounds: keeper.version,
    seconds,
    trunk: { parameters: plan.trunk.layout.length, sha256: flatDigest(keeper.theta) },
    scores: scores.sort((a, b) => byCodeUnits(a.task, b.task) || byCodeUnits(a.client, b.client)),
    digests,
    bytes: null,
  };
}
