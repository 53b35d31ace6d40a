import { toTrunklineError } from '@trunkline/protocol';
import { ALONE } from './cells.ts';
import { trainEachAlone, trainTogether } from './train.ts';

/** What a cell's process is told. */
export interface CellCall {
  readonly run: string;
  readonly method: string;
  readonly seed: number;
  readonly overrides: readonly string[];
}

/** One cell of the leaderboard in a process of its own: a JSON line with what it gave. */
try {
  const { run, method, seed, overrides } = JSON.parse(process.argv[2]!) as CellCall;
  const set = [...overrides, `seed=${seed}`];
  const trained =
    method === ALONE ? await trainEachAlone(run, set) : await trainTogether(run, [...set, `strategy=${method}`]);
  console.log(JSON.stringify({ event: 'trained', ...trained }));
} catch (thrown) {
  const error = toTrunklineError(thrown);
  console.log(JSON.stringify({ event: 'error', ...error.report() }));
  process.exitCode = error.exit;
}
