import { existsSync } from 'node:fs';
import { clientSchema } from '@trunkline/client';
import { relaySchema, runSchema } from '@trunkline/coordinator';
import { strategies } from '@trunkline/model/aggregation';
import { dataSchema, SOURCE_KINDS } from '@trunkline/model/data';
import { heads } from '@trunkline/model/head';
import { layerKinds } from '@trunkline/model/layer';
import { losses } from '@trunkline/model/loss';
import { metrics } from '@trunkline/model/metrics';
import { optimizers } from '@trunkline/model/optimizer';
import type { z } from 'zod';
import { inputSchema, keyTable, kindTable, table, type JsonSchema } from './key-table.ts';

const schemasOf = <Kind>(kinds: Readonly<Record<string, Kind>>, schema: (kind: Kind) => z.ZodType) =>
  Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, inputSchema(schema(kind))]));

const folder = new URL('../../docs/reference/', import.meta.url);
/** The name, linked to its own page where there is one. */
const linked = (name: string, page: string): string =>
  existsSync(new URL(page, folder)) ? `[\`${name}\`](${page})` : `\`${name}\``;

const CHOICE = 'Written as a name, or as a name with parameters: `adam` or `{ adam: { learningRate: 0.01 } }`.';

/** docs/reference/run-file.md */
export function runPage(): string {
  const members = Object.values(strategies).map(({ name, needs, wants, summary, source }) => [
    linked(name, `strategies/${name}.md`),
    [needs, ...wants].join(', '),
    summary,
    source,
  ]);
  const kinds = schemasOf(optimizers, ({ parameters }) => parameters);
  return `# Run file

What a coordinator reads: YAML, unknown keys refused, errors with file, line and column. Paths are relative to the file.
Any key can be overridden on the command line: \`--set optimizer.adam.learningRate=0.01\`. An example is
[examples/hospitals/run.yaml](../../examples/hospitals/run.yaml).

${keyTable(inputSchema(runSchema), ['optimizer'])}

## Layers

\`trunk.layers\` is a list of layers, each its name and its arguments: \`- dense: { units: 64, activation: relu }\`. The same layers serve in adapters and heads; [layers](layers.md) says what each computes.

${kindTable(
  'layer',
  schemasOf(layerKinds, ({ schema }) => schema),
)}

## Optimizers

${CHOICE} The same ones serve heads and adapters.

${kindTable('optimizer', kinds, ['schedule'])}

### Schedules

\`schedule\` of any optimizer, written the same way.

${keyTable({ properties: { schedule: kinds.sgd?.properties?.schedule ?? {} } })}

## Strategies

How the tasks' gradients become one direction. \`sum\`: clients send one pre-weighted sum; \`gramian\`, \`rows\`: they send one row a task.

${table(['strategy', 'needs', 'what it computes', 'source'], members)}

### Parameters

${kindTable(
  'strategy',
  schemasOf(strategies, ({ parameters }) => parameters),
)}
`;
}

/** docs/reference/relay-file.md */
export function relayPage(): string {
  return `# Relay file

What a relay reads: YAML, unknown keys refused, errors with file, line and column. [Run a relay](../guide/run-a-relay.md) says what it is for.

${keyTable(inputSchema(relaySchema))}
`;
}

/** docs/reference/client-file.md */
export function clientPage(): string {
  const data = inputSchema(dataSchema).properties ?? {};
  const isSource = (key: string) => (SOURCE_KINDS as readonly string[]).includes(key);
  const pick = (wanted: (key: string) => boolean): Record<string, JsonSchema> =>
    Object.fromEntries(Object.entries(data).filter(([key]) => wanted(key)));
  const scores = Object.values(metrics).map((metric) => [
    `\`${metric.name}\``,
    metric.better,
    metric.for.map((head) => `\`${head}\``).join(', '),
    metric.unit,
  ]);
  return `# Client file

What a client reads: YAML, unknown keys refused, errors with file, line and column. Paths are relative to the file.
An example is [examples/hospitals/xray.yaml](../../examples/hospitals/xray.yaml).

${keyTable(inputSchema(clientSchema), ['data', 'head', 'loss', 'optimizer'])}

Layers of adapters and optimizers: see [run file](run-file.md).

## Data

\`data\` holds one source by its name, and beside it:

${keyTable({ type: 'object', properties: pick((key) => !isSource(key)) })}

### Sources

${kindTable('source', pick(isSource))}

## Heads

Written as a name, or as a name with parameters: \`binary\` or \`{ classify: { classes: [normal, ill] } }\`.

${kindTable(
  'head',
  schemasOf(heads, ({ schema }) => schema),
)}

## Losses

${kindTable(
  'loss',
  schemasOf(losses, ({ schema }) => schema),
)}

## Metrics

${table(['metric', 'better', 'heads', 'unit'], scores)}
`;
}
