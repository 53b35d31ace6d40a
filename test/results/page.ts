import type { SeedsResult } from '../simulate/seeds.ts';
import { gainOf } from '../simulate/result.ts';

const score = (value: number | null): string => (value === null ? 'undefined' : value.toFixed(3));
const signed = (value: number | null, digits: number): string =>
  value === null ? 'undefined' : `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
const spread = (sd: number | null, digits: number): string => (sd === null ? '' : ` ± ${sd.toFixed(digits)}`);

/** One example's section: its heading, a table with a row a task, Δm. */
export function sectionOf(name: string, file: string, result: SeedsResult): string {
  const rows = result.tasks.map(({ task, client, metric, alone, together, delta, sd }) => [
    task,
    client,
    metric,
    score(alone) + spread(sd.alone, 3),
    score(together) + spread(sd.together, 3),
    signed(delta, 3) + spread(sd.delta, 3),
  ]);
  const { leftOut } = gainOf(result.tasks);
  const gained = result.tasks.filter(({ delta }) => delta !== null && delta > 0).length;
  const omitted = leftOut.length > 0 ? ` Left out of Δm: ${leftOut.join(', ')}.` : '';
  return [
    `## ${name}`,
    '',
    tableOf([['task', 'client', 'metric', 'alone', 'together', 'Δ'], ...rows]),
    '',
    `Δm ${signed(result.deltaM, 1)}${spread(result.deltaMSd, 1)} %; ${gained} of ${rows.length} tasks gain.${omitted}`,
    `\`${file}\`, ${result.rounds} rounds, trunk of ${result.trunk.parameters.toLocaleString('en')} parameters.`,
  ].join('\n');
}

export function pageOf(sections: readonly string[], seeds: number): string {
  return `# Results of the examples

Every task alone and together, with the same trunk, head, batches, optimizers and rounds: means over ${seeds} seeds ± standard deviation, on
the test split. Δ is together − alone, its sign turned where lower is better; Δm is its mean relative to alone. Positive = better together.

This page is made by one command, on the CPU, in one process an example:

\`\`\`sh
npm run results
\`\`\`

Seeds differ in initial values and batches, not in the split. A Δ smaller than its spread says nothing.

${sections.join('\n\n')}
`;
}

/** The sections of an earlier page, by name. */
export const sectionsIn = (page: string): Map<string, string> =>
  new Map(
    page
      .split(/^(?=## )/m)
      .slice(1)
      .map((text) => [/^## (\S+)/.exec(text)![1]!, text.trimEnd()]),
  );

/** A section without its heading. */
export const bodyOf = (section: string): string => section.slice(section.indexOf('\n\n') + 2).trimEnd();

/** A Markdown table as the formatter leaves it. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join('\n');
}
