import { gainOf, type RunResult } from './result.ts';
import type { SeedsResult } from './seeds.ts';
import type { VirtualReport } from './virtual/joint.ts';

type Row = readonly string[];

/** Columns aligned: the first to the left, the others to the right. */
export function align(rows: readonly Row[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const score = (value: number | null): string => (value === null ? 'undefined' : value.toFixed(3));
const signed = (value: number | null, digits: number): string =>
  value === null ? '' : `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
const verdict = (delta: number | null): string =>
  delta === null ? '' : delta > 0 ? 'gains' : delta < 0 ? 'loses' : 'equal';

/** The table at the end of a simulation: what each task gains from sharing. */
export function resultTable(result: RunResult | SeedsResult): string {
  const seeds = 'runs' in result ? result.runs.length : 1;
  const compared = result.deltaM !== null || result.tasks.some(({ alone }) => alone !== null);
  const head = compared
    ? ['task', 'client', 'metric', 'alone', 'together', 'Δ', '']
    : ['task', 'client', 'metric', 'score'];
  const rows = result.tasks.map(({ task, client, metric, together, alone, delta, ...rest }) => {
    const sd = 'sd' in rest ? (rest.sd as { delta: number | null }).delta : null;
    const change = sd === null ? signed(delta, 3) : `${signed(delta, 3)} ± ${sd.toFixed(3)}`;
    return compared
      ? [task, client, metric, score(alone), score(together), change, verdict(delta)]
      : [task, client, metric, score(together)];
  });
  const lines = [align([head, ...rows])];
  if (compared) {
    const { leftOut } = gainOf(result.tasks);
    const gained = result.tasks.filter(({ delta }) => delta !== null && delta > 0).length;
    const mean = meanOf(result);
    const sd = 'runs' in result && result.deltaMSd !== null ? ` ± ${result.deltaMSd.toFixed(1)}` : '';
    lines.push(
      '',
      `Δm ${signed(result.deltaM, 1)} %${sd} (mean gain relative to alone; positive = better together); ${gained} of ${result.tasks.length} tasks gain`,
    );
    if (mean) lines.push(mean);
    if (leftOut.length > 0) lines.push(`left out of Δm: ${leftOut.join(', ')}`);
  }
  const bytes = result.bytes ? `; ${megabytes(result.bytes.up)} up, ${megabytes(result.bytes.down)} down` : '';
  lines.push(
    `${result.rounds} rounds in ${result.seconds.toFixed(1)} s${bytes}${seeds > 1 ? `; means of ${seeds} seeds` : ''}`,
  );
  if ('virtual' in result && result.virtual) lines.push(virtualLine(result.virtual));
  for (const folder of 'runs' in result ? result.runs.map((run) => run.folder) : [result.folder])
    lines.push(`folder: ${folder}`);
  return `${lines.join('\n')}\n`;
}

const virtualLine = ({ clients, asked, answered, stepped, scored, virtualSeconds }: VirtualReport): string =>
  `${clients} virtual clients: ${answered} of ${asked} calls answered in ${virtualSeconds.toFixed(1)} virtual s; ${stepped} took a step, scores are means over ${scored} of them`;

/** Mean scores, where all tasks have one metric. */
function meanOf({ tasks }: RunResult | SeedsResult): string | undefined {
  const metrics = new Set(tasks.map(({ metric }) => metric));
  if (metrics.size !== 1 || tasks.some(({ alone, together }) => alone === null || together === null)) return undefined;
  const mean = (of: (task: (typeof tasks)[number]) => number) =>
    tasks.reduce((sum, task) => sum + of(task), 0) / tasks.length;
  const alone = mean((task) => task.alone!);
  const together = mean((task) => task.together!);
  return `mean ${[...metrics][0]}: alone ${alone.toFixed(3)}, together ${together.toFixed(3)}, Δ ${signed(together - alone, 3)}`;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
