import type { Measured } from './benchmark.ts';
import { tableOf } from '../results/page.ts';

/** What one benchmark gave in one call. */
export interface Taken {
  readonly name: string;
  /** The command line behind `npm run bench --`, without `--write` and its file. */
  readonly asked: string;
  readonly rows: readonly Measured[];
  /** What it said while it measured. */
  readonly notes: readonly string[];
  /** Of the machine, before and after. */
  readonly load: readonly [number, number];
  readonly machine: string;
}

/** From here to the next one, or to the end of the section, stands what a benchmark of this name gave. */
const opening = (name: string) => `<!-- measured by ${name} -->`;
const CLOSING = '<!-- end of measured -->';

/**
 * A page with a benchmark's block written anew: its table, what it said, and the load under which it was measured.
 * @returns undefined where the page has no block of that name; one without rows stays as it is
 */
export function fillBlock(page: string, taken: Taken): string | undefined {
  const begin = page.indexOf(opening(taken.name));
  const end = page.indexOf(CLOSING, begin);
  if (begin < 0 || end < 0) return undefined;
  if (taken.rows.length === 0) return page;
  return `${page.slice(0, begin)}${opening(taken.name)}\n\n${blockOf(taken)}\n\n${page.slice(end)}`;
}

function blockOf({ asked, rows, notes, load, machine }: Taken): string {
  const cells = rows.map(({ id, what, ours, baseline, unit, ratio, goal, holds }) => [
    id,
    what,
    `${digits(ours)} ${unit}`.trim(),
    `${digits(baseline)} ${unit}`.trim(),
    shown(ratio),
    shown(goal),
    holds ? 'holds' : 'falls short',
  ]);
  const said = notes.map((note) => `- ${note}`).join('\n');
  const busy = Math.max(...load) > 2 ? ' (busy: read ratios only, and those with care)' : '';
  return [
    `\`npm run bench -- ${asked}\`, ${machine}, load ${load.map((value) => value.toFixed(1)).join(' to ')}${busy}:`,
    '',
    tableOf([['id', 'what', 'ours', 'theirs', 'ratio', 'goal', ''], ...cells]),
    ...(said ? ['', said] : []),
  ].join('\n');
}

const digits = (value: number): string => String(Number(value.toPrecision(4)));

/** A ratio far below one keeps its digits. */
export const shown = (ratio: number): string =>
  ratio !== 0 && Math.abs(ratio) < 0.1 ? ratio.toPrecision(2) : String(Number(ratio.toFixed(2)));
