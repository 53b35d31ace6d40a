import type { LayerSpec, Stack } from '../layer/index.ts';

/** What a model card says beside the model: everything but the files' digests, which are known when they are written. */
export interface ModelCard {
  readonly title: string;
  /** One sentence: what the model is. */
  readonly what: string;
  /** Input, output, layers. */
  readonly shape: readonly Fact[];
  /** What it was trained on: sentences, and a client's own words, which may have several lines. */
  readonly data: readonly string[];
  readonly scores: readonly CardScore[];
  /** Why scores are missing, or what they are of. */
  readonly aboutScores: string;
  /** Seed, rounds, strategy, versions. */
  readonly training: readonly Fact[];
  /** What left the clients, and what was done to it first. */
  readonly privacy: string;
}

export type Fact = readonly [name: string, value: string];

/** A test score; null: not known, or undefined on the split. */
export interface CardScore {
  readonly task: string;
  readonly client: string;
  readonly metric: string;
  readonly together: number | null;
  readonly alone: number | null;
}

export interface CardFile {
  readonly name: string;
  readonly sha256: string;
}

/** A model card (Mitchell et al. 2019), as short as people read: markdown, lines end in LF. */
export function modelCardText(card: ModelCard, files: readonly CardFile[]): string {
  const scores = card.scores.map(({ task, client, metric, together, alone }) => [
    task,
    client,
    metric,
    figure(together),
    figure(alone),
  ]);
  return [
    `# ${card.title}`,
    card.what,
    table(['', ''], card.shape),
    '## Data',
    ...card.data,
    '## Scores',
    card.aboutScores,
    ...(scores.length > 0 ? [table(['task', 'client', 'metric', 'together', 'alone'], scores)] : []),
    '## How it was trained',
    table(['', ''], card.training),
    card.privacy,
    '## Files',
    table(
      ['file', 'SHA-256'],
      files.map(({ name, sha256 }) => [name, `\`${sha256}\``]),
    ),
    '## License',
    'Not stated. It is for those whose data the model was trained on to say under which terms it may be used: write them here.',
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

const figure = (value: number | null): string => (value === null ? '–' : value.toFixed(4));

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cellText).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const cellText = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');

/** Layers in one line: `conv2d 8 relu, flatten, dense 64 relu`. */
export const layersText = ({ specs }: Stack): string => (specs.length === 0 ? 'none' : specs.map(layerText).join(', '));

function layerText(spec: LayerSpec): string {
  const [kind, args] = Object.entries(spec)[0]! as [string, Readonly<Record<string, unknown>> | undefined];
  const { layers, ...rest } = args ?? {};
  const inner = Array.isArray(layers) ? [`(${(layers as LayerSpec[]).map(layerText).join(', ')})`] : [];
  const told = TOLD.map((key) => rest[key]).filter((value) => value !== undefined && value !== 'linear');
  return [kind, ...told.map((value) => [value].flat().join('x')), ...inner].join(' ');
}

/** What tells one layer of a kind from another. */
const TOLD = [
  'units',
  'filters',
  'kernelSize',
  'poolSize',
  'targetShape',
  'rate',
  'groups',
  'outputDim',
  'numHeads',
  'activation',
];

/** Text of others as a quotation, so that none of it is taken for the card's own. */
export const quotation = (text: string): string =>
  text
    .trim()
    .split('\n')
    .map((line) => `> ${line}`.trimEnd())
    .join('\n');

/** A setting as a run or client file has it, without quotes; '' for none. What a client module brings is a function, and has no text. */
export function settingText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'function') return 'the client module’s own';
  const text = (JSON.stringify(value) ?? '').replaceAll('"', '').replaceAll(/([:,])/g, '$1 ');
  return text === '{}' || text === 'null' ? '' : text;
}
