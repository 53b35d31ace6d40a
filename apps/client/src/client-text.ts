import type { Proposal } from '@trunkline/model/data';

/** What a client file is written from. */
export interface NewClient {
  readonly client: string;
  readonly task: string;
  /** The data's path as the client file names it. */
  readonly data: string;
  /** The shape of the trunk's input. */
  readonly input: readonly number[];
  readonly proposal: Proposal;
}

/** A client file for a table, as people write it: YAML with a word on each choice. */
export function clientText({ client, task, data, input, proposal }: NewClient): string {
  const { delimiter, missing, target, head, drop, rows } = proposal;
  const classes = head !== 'regress';
  const units = input.reduce((product, side) => product * side, 1);
  const size = Math.max(4, Math.min(32, Math.floor(rows / 8)));
  return [
    `client: ${client}`,
    'data:',
    '  csv:',
    `    file: ${quoted(data)}`,
    ...(delimiter === undefined ? [] : [`    delimiter: ${quoted(delimiter)}`]),
    ...(missing === undefined ? [] : [`    missing: ${quoted(missing)} # such a cell is a gap`]),
    ...(drop.length === 0 ? [] : [`    drop: [${drop.map(quoted).join(', ')}] # neither input nor target`]),
    `    targets: [${quoted(target)}] # never an input`,
    `  split: { train: 0.7, validation: 0.15, test: 0.15, ${classes ? 'stratify: true, ' : ''}seed: 0 }`,
    `  adapter: # stays here: what the columns become, the trunk's input of [${input.join(', ')}]`,
    `    - dense: { units: ${units}, activation: relu }`,
    ...(input.length > 1 ? [`    - reshape: { targetShape: [${input.join(', ')}] }`] : []),
    `  batchSize: ${size}`,
    'tasks:',
    `  - id: ${task} # the name under which the run expects it`,
    `    head: { ${head}: {} }`,
    ...METRICS[head],
    '',
  ].join('\n');
}

const METRICS: Readonly<Record<Proposal['head'], readonly string[]>> = {
  binary: ['    metrics: [auroc, accuracy] # the first is the task’s score'],
  classify: ['    metrics: [accuracy, macro-f1] # the first is the task’s score'],
  regress: ['    metrics: [rmse, r2] # the first is the task’s score'],
};

/** As YAML reads any text: JSON's quotes, which a plain word does not need. */
const quoted = (text: string): string =>
  /^[A-Za-z_./][\w./ -]*$/.test(text) &&
  !/^(true|false|null|yes|no|on|off|y|n|\.inf|\.nan)$/i.test(text) &&
  text.trim() === text
    ? text
    : JSON.stringify(text);
