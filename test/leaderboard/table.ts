import { align } from '../simulate/table.ts';
import { ALONE } from './cells.ts';
import type { Board, DataSetBoard, MethodRow, Spread } from './summary.ts';

export const SIGN =
  'Δm: mean gain over training alone, in %; positive = better together. ± is the standard deviation over seeds.';
/** More tasks than that are not shown one by one. */
const SHOWN_TASKS = 12;

const signed = (value: number, digits: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
const spread = (value: Spread | null, show: (mean: number) => string, digits: number): string =>
  value === null ? '' : value.sd === null ? show(value.mean) : `${show(value.mean)} ± ${value.sd.toFixed(digits)}`;

/** Head and rows of one data set's table: what text and document both show. */
export function tableRows({ tasks, methods }: DataSetBoard): string[][] {
  const named = tasks.length <= SHOWN_TASKS ? tasks : [];
  const rows = methods.map(({ method, scores, score, deltaM, gaining, conflictRate, seconds }) => [
    method,
    spread(deltaM, (mean) => signed(mean, 2), 2),
    gaining === null ? '' : `${gaining} of ${tasks.length}`,
    spread(score, (mean) => mean.toFixed(4), 4),
    conflictRate === null ? '' : `${Math.round(100 * conflictRate)} %`,
    seconds.toFixed(0),
    ...named.map(({ task }) => scores[task]?.toFixed(3) ?? 'undefined'),
  ]);
  const head = ['method', 'Δm %', 'tasks gain', 'mean score', 'conflicts', 'seconds', ...named.map(({ task }) => task)];
  return [head, ...rows];
}

/** Mean score of a method minus that of alone, in points, where the scores are shares (accuracy). */
function pointsOver({ tasks, methods }: DataSetBoard, { method, score, seeds }: MethodRow): number | null {
  const alone = methods.find((row) => row.method === ALONE);
  const sameSeeds = alone?.seeds.join() === seeds.join();
  if (method === ALONE || !score || !alone?.score || !sameSeeds || tasks.some(({ metric }) => metric !== 'accuracy'))
    return null;
  return 100 * (score.mean - alone.score.mean);
}

/** Sentences below a table: what the methods add to alone, in points of accuracy. */
export const pointLines = (board: DataSetBoard): string[] =>
  board.methods.flatMap((row) => {
    const points = pointsOver(board, row);
    if (points === null) return [];
    return [
      `${row.method} minus alone, mean test accuracy: ${signed(points, 2)} points (seeds ${row.seeds.join(', ')})`,
    ];
  });

function titleOf({ dataSet, rounds, tasks, methods }: DataSetBoard): string {
  const seeds = Math.max(...methods.map((row) => row.seeds.length));
  const metrics = [...new Set(tasks.map(({ metric }) => metric))].join(', ');
  return `${dataSet}: ${tasks.length} tasks (${metrics}), ${rounds} rounds, ${seeds} seed${seeds === 1 ? '' : 's'}`;
}

/** Methods whose figures rest on fewer seeds than the table says. */
export function fewerSeeds({ methods }: DataSetBoard): string | undefined {
  const most = Math.max(...methods.map((row) => row.seeds.length));
  const fewer = methods.filter((row) => row.seeds.length < most);
  if (fewer.length === 0) return undefined;
  return `fewer seeds: ${fewer.map((row) => `${row.method} ${row.seeds.length}`).join(', ')}`;
}

/** Data sets and how many trainings each still lacks. */
export function leftText({ left }: Board): string | undefined {
  const parts = Object.entries(left).map(([dataSet, count]) => `${dataSet} ${count}`);
  return parts.length === 0 ? undefined : parts.join(', ');
}

export function leaderboardText(board: Board): string {
  const parts = board.dataSets.map((one) => {
    const few = fewerSeeds(one);
    return [titleOf(one), align(tableRows(one)), ...pointLines(one), ...(few === undefined ? [] : [few])].join('\n');
  });
  const left = leftText(board);
  const rest = left === undefined ? [] : [`trainings left: ${left}; call again to go on.`];
  return `${[...parts, SIGN, ...board.skipped.map((line) => `skipped: ${line}`), ...rest].join('\n\n')}\n`;
}
