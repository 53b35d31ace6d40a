import { answerOf, gather, loadTasks } from '@trunkline/client';
import type { Plan, ScoredTask } from '@trunkline/coordinator';
import { openBackend } from '@trunkline/model/backend';
import { createErrorFeedback, type FeedbackState } from '@trunkline/model/codec';
import { classesOf, type Source } from '@trunkline/model/data';
import { needsNativeOrCpu } from '@trunkline/model/layer';
import { createLearner, describeTask, type TaskScore } from '@trunkline/model/learner';
import { randomStream } from '@trunkline/model/random';
import type { TaskPlan } from '@trunkline/model/task';
import { fail, TrunklineError, type TaskOffer } from '@trunkline/protocol';
import type { Job } from '../job.ts';
import { shardSource } from './shard-source.ts';
import { evenShards, groupsOf, skewedShards, type Shards } from './shards.ts';
import type { Cast } from './train.ts';

/** So many clients of each client file are scored at the end, drawn from those that took a step: the whole test split each. */
const SCORED = 20;
/** More different values than this are no classes. */
const MOST_CLASSES = 1_000;

/** Virtual clients that really learn: each a copy of one of the run's clients, with a part of its training rows and heads of its own. */
export interface LearningCast extends Cast {
  /** Clients that have taken a step, and hold what it left. */
  readonly stepped: number;
  /** Mean scores over clients of each task on the test split, and how many were scored. */
  score(theta: Float32Array): Promise<{ scores: ScoredTask[]; scored: number }>;
}

/** One of the run's clients: what its copies are made from. */
interface Model {
  readonly client: string;
  readonly plans: readonly TaskPlan[];
  readonly copies: number;
  /** Stream → who holds what of it. */
  readonly shards: ReadonlyMap<string, Shards>;
}

/** @param skew α of Dirichlet-distributed classes; left out: equal parts. @throws USAGE, and as `loadTasks` and `createLearner` do */
export async function openCast(job: Job, plan: Plan, of: { clients: number; skew?: number }): Promise<LearningCast> {
  const { trunk, weightHeads } = plan;
  const { up: codec } = plan.codecs;
  const { seed, warmup } = job.config;
  const kinds = job.clients.length;
  const { tf } = await openBackend({ device: 'auto', threads: job.threads, convolutional: needsNativeOrCpu(trunk) });
  const models: Model[] = [];
  for (const [i, { config }] of job.clients.entries()) {
    const copies = Math.ceil((of.clients - i) / kinds);
    const plans = await Promise.all((await loadTasks(config)).map(withClasses));
    const shards = new Map<string, Shards>();
    for (const { stream, source, target } of plans)
      if (!shards.has(stream))
        shards.set(stream, await shardsOf({ seed, stream, source, target, copies, skew: of.skew }));
    models.push({ client: config.client, plans, copies, shards });
  }
  const digits = String(of.clients).length;
  /** What a step left of a client: heads, adapters, their optimisers, and what the codec left out. The only thing that grows with the clients that took part. */
  const states = new Map<number, { learner: unknown; feedback: FeedbackState | undefined }>();
  const modelOf = (place: number) => models[place % kinds]!;
  const numberOf = (place: number) => Math.floor(place / kinds);
  const name = (place: number) => `${modelOf(place).client}~${String(numberOf(place)).padStart(digits, '0')}`;

  /** Its tasks with what it holds of their data; a task of which it holds no label is not its task. */
  const tasksOf = async (place: number, scored: boolean) => {
    const { plans, shards } = modelOf(place);
    const own = new Map<string, Source>();
    const tasks: { plan: TaskPlan; offer: TaskOffer }[] = [];
    for (const one of plans) {
      const rows = shards.get(one.stream)!(numberOf(place));
      const source = own.get(one.stream) ?? shardSource(one.source, rows, scored);
      own.set(one.stream, source);
      const task = { ...one, source, replica: true, stream: `${one.stream}~${numberOf(place)}` };
      const offer = await describeTask(task, trunk).catch(unlessNoLabels);
      if (offer) tasks.push({ plan: task, offer });
    }
    return tasks;
  };
  const learnerOf = async (place: number, scored: boolean) => {
    const tasks = (await tasksOf(place, scored)).map((task) => task.plan);
    if (tasks.length === 0) return undefined;
    const learner = await createLearner({ tf, trunk, tasks, seed, client: name(place), weightHeads });
    const state = states.get(place);
    if (state) learner.restore(state.learner);
    const feedback = createErrorFeedback(codec, trunk.layout.length);
    feedback.restore(state?.feedback);
    return { learner, feedback, fresh: state === undefined };
  };

  return {
    size: of.clients,
    name,
    get stepped() {
      return states.size;
    },
    offers: async (place) => (await tasksOf(place, false)).map(({ offer }) => offer),
    async answer(place, call) {
      const opened = await learnerOf(place, false);
      if (!opened) return { contributions: [], losses: [] };
      const { learner, feedback, fresh } = opened;
      try {
        const cold = fresh && call.round > 0 && warmup > 0 ? { warmup } : {};
        const gathered = await gather(trunk.layout, await learner.step({ ...call, ...cold }));
        const { contributions, losses } = answerOf({ round: call.round, attempt: 0 }, gathered, { codec, feedback });
        states.set(place, { learner: learner.snapshot(), feedback: feedback.snapshot() });
        return { contributions, losses };
      } finally {
        learner.dispose();
      }
    },
    async score(theta) {
      const scores: ScoredTask[] = [];
      let scored = 0;
      for (const [i, { client, plans }] of models.entries()) {
        const stepped = [...states.keys()].filter((place) => place % kinds === i).sort((a, b) => a - b);
        const order = randomStream(seed, 'scored', client).permutation(stepped.length).slice(0, SCORED);
        const found: TaskScore[] = [];
        for (const chosen of order) {
          const opened = await learnerOf(stepped[chosen]!, true);
          if (!opened) continue;
          found.push(...(await opened.learner.evaluate(theta, 'test')));
          opened.learner.dispose();
        }
        scored += order.length;
        for (const { id, metrics } of plans) scores.push(meanScore({ id, client, metrics }, found));
      }
      return { scores, scored };
    },
  };
}

const unlessNoLabels = (error: unknown): undefined => {
  if (error instanceof TrunklineError && error.code === 'DATA_NO_LABELS') return undefined;
  throw error;
};

/** Classes that are to be found in the data are those of all of it: a part may lack some, and heads would differ. */
async function withClasses(plan: TaskPlan): Promise<TaskPlan> {
  const classify = (plan.head as { classify?: { classes?: readonly string[] } }).classify;
  if (!classify || classify.classes) return plan;
  const classes = classesOf(await plan.source.column('train', plan.target));
  return { ...plan, head: { ...plan.head, classify: { ...classify, classes } } as TaskPlan['head'] };
}

async function shardsOf(of: {
  seed: number;
  stream: string;
  source: Source;
  target: string;
  copies: number;
  skew: number | undefined;
}): Promise<Shards> {
  const { seed, stream, source, target, copies, skew } = of;
  if (source.batch) {
    const what = `${source.file}: a loader gives batches, not rows that could be shared out among virtual clients.`;
    throw fail('USAGE', { what, remedy: 'Leave --virtual out, or read the data from files.' });
  }
  const parts = { seed, stream, rows: source.sizes.train, clients: copies };
  if (skew === undefined) return evenShards(parts);
  const column = await source.column('train', target);
  const values = column.kind === 'text' ? column.values : Array.from(column.values);
  const groups = groupsOf(values, parts);
  if (groups.length > MOST_CLASSES || values.length !== source.sizes.train) {
    const what = `--skew mixes classes, and \`${target}\` of ${source.file} has none.`;
    throw fail('USAGE', { what, remedy: 'Leave --skew out.' });
  }
  return skewedShards(parts, groups, skew);
}

/** Means over the clients; a metric that no client has a value of is null. */
function meanScore(
  { id, client, metrics }: { id: string; client: string; metrics: readonly string[] },
  found: readonly TaskScore[],
): ScoredTask {
  const own = found.filter(({ task }) => task === id);
  const mean = (values: readonly (number | undefined)[]) => {
    const known = values.filter((value): value is number => value !== undefined && Number.isFinite(value));
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  return {
    ...{ task: id, client, loss: mean(own.map(({ loss }) => loss)) },
    metrics: Object.fromEntries(metrics.map((name) => [name, mean(own.map((one) => one.metrics[name]))])),
  };
}
