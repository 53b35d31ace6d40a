import { z } from 'zod';
import { idField, fail, limits } from '@trunkline/protocol';
import { checkConfig, nearestFirst, readYaml, type ConfigFile } from '@trunkline/model/config';
import { optimizerNames, optimizerSchema } from '@trunkline/model/optimizer';
import { trunkSchema } from '@trunkline/model/trunk';
import { codecSchema } from './codecs.ts';
import { listenSchema } from './listen-schema.ts';
import { modeSchema } from './mode.ts';
import { outputSchema } from './sinks/output-schema.ts';

/** Every key of a run file, with its default. The generated page docs/reference/run-file.md is made from this. */
export const runSchema = z.strictObject({
  run: idField
    .optional()
    .describe('Id of the run and name of its folder. Default: the file’s name, for run.yaml its folder’s.'),
  seed: z
    .number()
    .int()
    .nonnegative()
    .default(1)
    .describe('All chance comes from it: initial values, batches, dropout.'),
  trunk: trunkSchema.describe('The shared layers: input shape and a list of allow-listed layers.'),
  optimizer: optimizerSchema.prefault({ adam: {} }).describe('The optimizer of the trunk.'),
  strategy: z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .default('weighted-sum')
    .describe('How task gradients become one direction: a name, or a name with its parameters.'),
  exchange: z
    .enum(['sum', 'rows'])
    .optional()
    .describe('What a client sends: one pre-weighted sum, or one row a task. Default: what the strategy needs.'),
  weights: z.record(idField, z.number().nonnegative()).default({}).describe('λ of each task; 1 where not named.'),
  weightHeads: z
    .boolean()
    .optional()
    .describe('λ on heads too. Default: true where λ is fixed, false for the other strategies.'),
  mode: modeSchema
    .prefault({ sync: {} })
    .describe(
      'sync: every round is one exact training step. local: every round is several local steps of each task. ' +
        'buffered: nobody waits; the trunk moves whenever enough answers have come.',
    ),
  codec: codecSchema
    .optional()
    .describe('Fewer bytes on the wire, for a loss of precision: float16, bfloat16, int8, or topk. Default: float32.'),
  rounds: z.number().int().positive().describe('How many times the trunk moves.'),
  evaluateEvery: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('Trunks N, 2N, … and the last are scored. Default: 20 times in the run.'),
  select: z
    .enum(['last', 'best'])
    .default('last')
    .describe(
      'Which trunk the test scores are of: the last, or the one with the best validation scores (mean gain on the first evaluation), with the heads of its round.',
    ),
  stopAfter: z
    .number()
    .int()
    .positive()
    .optional()
    .describe(
      'Ends the run after so many evaluations in a row that are no better than the best before. Default: never.',
    ),
  probeEvery: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('Rounds that send rows in addition, for the conflict matrix; 0: never. Default: evaluateEvery.'),
  maxNorm: z
    .number()
    .positive()
    .optional()
    .describe('A contribution whose L2 norm is above is refused, and its client told so. Default: no limit.'),
  checkpointEvery: z
    .number()
    .int()
    .positive()
    .default(50)
    .describe('Rounds between two points that a run can return to.'),
  expect: z
    .array(idField)
    .min(1)
    .optional()
    .describe('Tasks to wait for before round 0; a task of two replicas stands twice.'),
  optional: z
    .array(idField)
    .default([])
    .describe('Tasks that may join at any time, before or during the run, and are not waited for.'),
  warmup: z
    .number()
    .int()
    .nonnegative()
    .max(limits.localSteps)
    .default(0)
    .describe('Steps that heads and adapters of a client take on the trunk as it is when it joins a run under way.'),
  uploadsMb: z
    .number()
    .positive()
    .default(limits.uploadsMb)
    .describe(
      'Megabytes of answers that the coordinator holds in memory at once: whoever has one that does not fit waits until it may send. Rows of `sync` and `local` are all held until their round closes.',
    ),
  listen: listenSchema,
  record: z
    .strictObject({
      keepJournal: z
        .boolean()
        .default(false)
        .describe('Keep all of the journal, so that the whole run can be recomputed from it.'),
      journalMb: z
        .number()
        .int()
        .positive()
        .default(4096)
        .describe(
          'Megabytes that the journal may take: as it fills up, checkpoints are taken earlier and what they replace is removed.',
        ),
      eventsMb: z
        .number()
        .int()
        .positive()
        .default(256)
        .describe('Megabytes that the log of events may take; the oldest part is removed.'),
    })
    .prefault({})
    .describe('How much of what a run writes down stays on the disk.'),
  output: outputSchema.prefault({}).describe('Where else the run’s figures go.'),
  clients: z.array(z.string()).optional().describe('Simulation only: the client files to start.'),
  relays: z
    .record(idField, z.array(z.string()).min(1))
    .optional()
    .describe(
      'Simulation only: relays to start, each with the files of `clients` that come in through it; the others join the coordinator.',
    ),
});

export type RunFile = z.output<typeof runSchema>;

/** A run file with everything filled in that does not need the trunk or the strategy to be known. */
export interface RunConfig extends RunFile {
  readonly run: string;
  readonly evaluateEvery: number;
  readonly probeEvery: number;
  readonly source: ConfigFile;
}

/**
 * Reads a run file.
 * @param overrides texts `a.b=value` from `--set`
 * @throws CONFIG_*, LAYER_*, OPTIMIZER_UNKNOWN
 */
export function readRun(file: string, overrides: readonly string[] = []): RunConfig {
  return fillRun(readYaml(file, overrides));
}

export function fillRun(source: ConfigFile): RunConfig {
  refuseUnknownOptimizer(source);
  const config = checkConfig(runSchema, source.value, source.at);
  const evaluateEvery = config.evaluateEvery ?? Math.max(1, Math.ceil(config.rounds / 20));
  return {
    ...config,
    run: config.run ?? idFromFile(source, 'run'),
    evaluateEvery,
    probeEvery: config.probeEvery ?? evaluateEvery,
    source,
  };
}

/** What a file without an id of its own is called: its name, for one of the `usual` name its folder's. */
export function idFromFile({ name, folder }: ConfigFile, usual: string): string {
  const stem = name.replace(/\.(ya?ml)$/, '');
  const id = (stem === usual ? folder.split(/[\\/]/).pop()! : stem).toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return id.replace(/^-|-$/g, '') || usual;
}

function refuseUnknownOptimizer({ value, at }: ConfigFile): void {
  const given = (value as { optimizer?: unknown } | null)?.optimizer;
  const name =
    typeof given === 'string' ? given : given && typeof given === 'object' ? Object.keys(given)[0] : undefined;
  if (name !== undefined && !optimizerNames.includes(name)) {
    const path = typeof given === 'string' ? ['optimizer'] : ['optimizer', name];
    throw fail('OPTIMIZER_UNKNOWN', { at: at(path), optimizer: name, known: nearestFirst(name, optimizerNames) });
  }
}
