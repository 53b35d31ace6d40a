import { z } from 'zod';
import { fail, idField } from '@trunkline/protocol';
import { checkConfig, readYaml, type ConfigFile } from '@trunkline/model/config';
import { dataSchema } from '@trunkline/model/data';
import { headSchema } from '@trunkline/model/head';
import { layerSpecSchema } from '@trunkline/model/layer';
import { lossSchema } from '@trunkline/model/loss';
import type { Metric } from '@trunkline/model/metrics';
import { optimizerSchema } from '@trunkline/model/optimizer';

const adapterSchema = z.union([z.literal('identity'), z.array(layerSpecSchema)]);

const METRIC = 'expected a metric: a name, or { name, compute } in a module, higher being better';

/** Only a module can hold one. Higher must be better: where lower is, a module returns the negative. */
const ownMetric = z.custom<Pick<Metric, 'name' | 'compute'> & { readonly better?: 'higher' }>(
  (value) => typeof (value as Partial<Metric> | null)?.compute === 'function' && (value as Metric).better !== 'lower',
);

const taskSchema = z.strictObject({
  id: idField.describe('Unique in the run, unless `replica: true` at each client that serves it.'),
  replica: z
    .boolean()
    .default(false)
    .describe('Several clients serve this task, each with its own head; they share its λ.'),
  data: dataSchema.optional().describe('The task’s own source; default: the client’s.'),
  target: z.string().optional().describe('Which of the source’s targets; needless when it has one.'),
  adapter: adapterSchema
    .optional()
    .describe('The task’s own adapter, instead of the source’s: it then has its own trunk pass.'),
  head: headSchema.describe('Private output layers: binary, classify, multilabel, regress or layers.'),
  loss: lossSchema.optional().describe('Default by head: cross-entropy, sigmoid-cross-entropy or mse.'),
  optimizer: optimizerSchema.prefault({ adam: {} }).describe('The optimizer of head and adapter.'),
  batchSize: z.number().int().positive().optional().describe('Rows a round; tasks of one source share it. Default 32.'),
  metrics: z
    .array(z.union([z.string(), ownMetric], { error: METRIC }))
    .min(1)
    .optional()
    .describe('The first one is the task’s score. Default by head.'),
});

/** Every key of a client file, with its default. The generated page docs/reference/client-file.md is made from this. */
export const clientSchema = z.strictObject({
  client: idField.describe('The client’s name, unique in the run.'),
  description: z
    .string()
    .max(2000)
    .optional()
    .describe('What the data are, in your words: for the card beside an exported model. Never leaves the client.'),
  device: z.enum(['auto', 'gpu', 'cpu']).default('auto').describe('gpu asked for and absent is an error.'),
  state: z.string().optional().describe('Where heads, adapters and optimizers live; default: a per-user folder.'),
  data: dataSchema.optional().describe('Default source of this client’s tasks.'),
  tasks: z.array(taskSchema).min(1).describe('What this client brings.'),
});

export type ClientFile = z.output<typeof clientSchema>;
export type TaskFile = z.output<typeof taskSchema>;

export interface ClientConfig extends ClientFile {
  readonly source: ConfigFile;
}

/**
 * Reads a client file; no data is opened yet.
 * @throws CONFIG_MISSING, CONFIG_SYNTAX, CONFIG_INVALID, CONFIG_UNKNOWN_KEY
 */
export function readClient(file: string, overrides: readonly string[] = []): ClientConfig {
  return checkClient(readYaml(file, overrides));
}

/** @throws CONFIG_INVALID, CONFIG_UNKNOWN_KEY */
export function checkClient(source: ConfigFile): ClientConfig {
  const config = checkConfig(clientSchema, source.value, source.at);
  const bare = config.tasks.findIndex((task) => !task.data && !config.data);
  if (bare >= 0) {
    const remedy = 'Put a source under `data` of the client or of the task.';
    throw fail('CONFIG_INVALID', {
      at: source.at(['tasks', bare]),
      key: `tasks.${bare}.data`,
      problem: 'the task has no data.',
      remedy,
    });
  }
  refuseEqualIds(config, source);
  return { ...config, source };
}

function refuseEqualIds({ tasks }: ClientFile, { at }: ConfigFile): void {
  const ids = tasks.map(({ id }) => id);
  const twice = ids.findIndex((id, i) => ids.indexOf(id) < i);
  if (twice < 0) return;
  throw fail('CONFIG_INVALID', {
    at: at(['tasks', twice, 'id']),
    key: `tasks.${twice}.id`,
    problem: `the id \`${ids[twice]}\` stands twice in this file.`,
    remedy: 'Give each task an id of its own.',
  });
}
