import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { dataSets } from './data-sets.ts';
import type { Board, DataSetBoard } from './summary.ts';
import { fewerSeeds, leftText, pointLines, SIGN, tableRows } from './table.ts';

/** Writes the tables as a page of the documentation: figures with the day, the machine in general words and the versions. */
export function writeDocument(file: string, board: Board, today: Date): void {
  const machine = `${availableParallelism()} CPU cores, Node ${process.versions.node}, ${[...new Set(board.dataSets.map(({ backend }) => backend.replace(/^Backend: /, '')))].join(' / ')}`;
  const left = leftText(board);
  const lines = [
    '# Leaderboard',
    '',
    `Written by \`npm run leaderboard -- --write\` on ${today.toISOString().slice(0, 10)} on a machine with ${machine}. Seconds are the fastest seed’s, on a machine that did other work too: compare orders of magnitude.`,
    '',
    `${SIGN} Methods stand in the order of Δm. Conflicts: share of pairs of tasks whose gradients point against each other, over the probed rounds. Which to choose: [choosing a method](choosing-a-method.md); what each does: [strategies](../reference/strategies/).`,
    ...board.dataSets.flatMap(section),
    ...(left === undefined ? [] : ['', `Trainings that these tables still lack: ${left}.`]),
    ...(board.skipped.length === 0 ? [] : ['', 'Not run: ' + board.skipped.join('; ') + '.']),
    '',
  ];
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, lines.join('\n'));
}

function section(board: DataSetBoard): string[] {
  const { dataSet, rounds, dates, methods } = board;
  const what = dataSets.find(({ name }) => name === dataSet)?.what ?? dataSet;
  const seeds = Math.max(...methods.map((row) => row.seeds.length));
  const days = dates[0] === dates[1] ? dates[0] : `${dates[0]} to ${dates[1]}`;
  const few = fewerSeeds(board);
  const points = pointLines(board);
  return [
    '',
    `## ${dataSet}`,
    '',
    `${what[0]!.toUpperCase()}${what.slice(1)}. ${rounds} rounds, ${seeds} seed${seeds === 1 ? '' : 's'}; ${days}.${few === undefined ? '' : ` Of ${few}.`}`,
    '',
    ...markdownTable(tableRows(board)),
    ...(points.length === 0 ? [] : ['']),
    ...points.map((text) => `- ${text}`),
  ];
}

/** Aligned as the formatter would: the first column to the left, the others to the right. */
function markdownTable(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const [head, ...rest] = rows.map((row) =>
    line(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))),
  );
  return [head!, line(widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))), ...rest];
}
