import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail } from '@trunkline/protocol';
import { nearestFirst, type Path } from '@trunkline/model/config';
import { checkAugment, openSource, SOURCE_KINDS, type Source } from '@trunkline/model/data';
import { defaultLoss } from '@trunkline/model/loss';
import { defaultMetric, metrics as knownMetrics, type Metric } from '@trunkline/model/metrics';
import { checkLabels, sharedSources } from '@trunkline/model/learner';
import type { TaskPlan } from '@trunkline/model/task';
import type { ClientConfig, TaskFile } from './config.ts';

/**
 * Opens every source of a client and makes its tasks ready for a learner.
 * @throws DATA_*, TARGET_UNKNOWN, METRIC_UNKNOWN, BATCH_SIZE_DIFFERS, CONFIG_INVALID
 */
export async function loadTasks(config: ClientConfig): Promise<TaskPlan[]> {
  const { at, folder } = config.source;
  // The client's own source is opened once and shared; a task's own source is its own.
  let shared: { source: Source; stream: string } | undefined;
  const plans: TaskPlan[] = [];
  for (const [place, task] of config.tasks.entries()) {
    const own = task.data !== undefined;
    const data = (task.data ?? config.data)!;
    const path = own ? ['tasks', place, 'data'] : ['data'];
    const stream = data.stream ?? (own ? `${config.client}/${place}` : config.client);
    const opened =
      own || !shared
        ? { source: await openSource(data, { folder, at: (inner) => at([...path, ...inner]) }), stream }
        : shared;
    if (!own) shared = opened;
    const target = targetOf(task, opened.source, at(['tasks', place, 'target']));
    if (data.augment) {
      const kind = [...SOURCE_KINDS, 'loader' as const].find((one) => data[one] !== undefined)!;
      const whose = { id: task.id, target, head: kindOf(task) };
      checkAugment(data.augment, opened.source, whose, { kind, at: (inner) => at([...path, ...inner]) });
    }
    plans.push({
      id: task.id,
      replica: task.replica,
      stream,
      source: opened.source,
      batchSize: data.batchSize ?? task.batchSize ?? 32,
      augment: data.augment,
      sourceAdapter: layersOf(data.adapter),
      ownAdapter: task.adapter === undefined ? undefined : layersOf(task.adapter),
      target,
      head: task.head,
      loss: task.loss ?? defaultLoss(kindOf(task)),
      optimizer: task.optimizer,
      ...metricsOf(task, (path) => at(['tasks', place, 'metrics', ...path])),
      at: at(['tasks', place]),
    });
  }
  // Unequal batch sizes are refused before the first label is read.
  sharedSources(plans);
  for (const plan of plans) await checkLabels(plan);
  return plans;
}

const layersOf = (adapter: unknown): TaskPlan['sourceAdapter'] =>
  Array.isArray(adapter) ? (adapter as TaskPlan['sourceAdapter']) : [];

const asMetric = ({ name, compute }: Pick<Metric, 'name' | 'compute'>): Metric => ({
  name,
  compute,
  better: 'higher',
  unit: '',
  for: [],
});

const kindOf = (task: TaskFile): string => Object.keys(task.head)[0]!;

function targetOf(task: TaskFile, source: Source, at: string): string {
  const known = Object.keys(source.targets);
  if (task.target !== undefined && known.includes(task.target)) return task.target;
  if (task.target === undefined && known.length === 1) return known[0]!;
  const target = task.target ?? '(none given)';
  throw fail('TARGET_UNKNOWN', { at, task: task.id, target, known: nearestFirst(target, known) });
}

function metricsOf(task: TaskFile, at: (path: Path) => string): Pick<TaskPlan, 'metrics' | 'ownMetrics'> {
  const kind = kindOf(task);
  const fitting = Object.values(knownMetrics).filter(
    (metric) => (metric.for as readonly string[]).includes(kind) || kind === 'layers',
  );
  const names = fitting.map(({ name }) => name);
  const given = task.metrics ?? [defaultMetric(kind)];
  const chosen = given.map((metric) => (typeof metric === 'string' ? metric : metric.name));
  const own = given.flatMap((metric) => (typeof metric === 'string' ? [] : [asMetric(metric)]));
  const ownMetrics = Object.fromEntries(own.map((metric) => [metric.name, metric]));
  const unknown = chosen.findIndex((name) => !names.includes(name) && !ownMetrics[name]);
  if (unknown < 0) return { metrics: chosen, ...(own.length > 0 ? { ownMetrics } : {}) };
  const metric = chosen[unknown]!;
  throw fail('METRIC_UNKNOWN', { at: at([unknown]), metric, known: nearestFirst(metric, names) });
}

/** The default export of a client module. It is code of the one who runs this client. @throws CONFIG_MISSING, CLIENT_MODULE */
export async function importModule(file: string): Promise<unknown> {
  const path = resolve(file);
  if (!existsSync(path)) throw fail('CONFIG_MISSING', { file });
  let loaded: { default?: unknown };
  try {
    // Node 20 reads no TypeScript by itself; whoever writes a client in it has the loader.
    if (path.endsWith('ts') && !import.meta.url.endsWith('.ts'))
      ((await import(import.meta.resolve('tsx/esm/api'))) as { register(): unknown }).register();
    loaded = (await import(pathToFileURL(path).href)) as typeof loaded;
  } catch (cause) {
    throw fail('CLIENT_MODULE', { file, problem: (cause as Error).message }, cause);
  }
  if (typeof loaded.default === 'object') return loaded.default;
  throw fail('CLIENT_MODULE', { file, problem: 'it has no default export.' });
}
