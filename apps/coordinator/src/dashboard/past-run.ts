import { caOf, plannedRounds } from '../told-run.ts';
import { operatorView } from '../operator-view.ts';
import { historyOf } from './kept-history.ts';
import { pictureOf, type Picture } from './picture.ts';

/** The picture of a run from its folder alone, whoever holds it. @param from the first row with curves @throws STORAGE_FAILED */
export function pastRun(folder: string, now: Date, from = 0): Picture {
  const history = historyOf(folder);
  const record = { ...history.record, folder };
  const view = operatorView({
    record,
    planned: plannedRounds(folder),
    ca: caOf(folder),
    live: null,
    now: now.getTime(),
  });
  return pictureOf(history, view, from);
}
