import type { RunEvent, ScoredTask } from '../run-events.ts';
import { durationText } from '@trunkline/protocol';

type Told<E extends RunEvent['event']> = RunEvent & { event: E };
type Tellers = { readonly [E in RunEvent['event']]?: (event: Told<E>, of: string) => string | undefined };

const rows = (count: number | undefined): string => `${count ?? 0} labelled rows`;

/** What each event is told as; those that are missing here are for programs alone. */
const tellers: Tellers = {
  listening: ({ run, url, dashboard, folder }) =>
    `Run ${run} listens at ${url}\n  folder ${folder}${dashboard ? `\n  dashboard ${dashboard}` : ''}`,
  'started-from'({ file, sha256, seeded, unused }) {
    const named = (what: string, names: readonly string[]) =>
      names.length > 0 ? `; ${what}: ${names.join(', ')}` : '';
    return `The trunk starts from ${file}, sha256 ${sha256}${named('seeded', seeded)}${named('left out', unused)}`;
  },
  joined: ({ client, tasks, labelled, backend, again }) =>
    `${client} ${again ? 'is back' : 'joined'} with ${tasks.map((task) => `${task} (${rows(labelled[task])})`).join(', ')}; ${backend}`,
  left: ({ client, reason }) => `${client} left: ${reason}`,
  interrupted: ({ client, version }) => `${client} was being sent trunk ${version} when its line broke`,
  refused: ({ client, message, error }) => `${client}: ${message} refused: ${error.message}`,
  dropped: ({ client, age, maxAge }) =>
    `${client}: an answer from a trunk ${age} versions old was dropped (maxAge ${maxAge})`,
  waiting({ clients, tasks, round }) {
    const names = clients.length > 0 ? clients.map((name) => `client ${name}`) : tasks.map((name) => `task ${name}`);
    return names.length === 0 ? undefined : `Round ${round}: waiting for ${names.join(', ')}`;
  },
  scores: ({ version, split, tasks }, of) => `Trunk ${version}${of}, ${split} split: ${scoresText(tasks)}`,
  selected: ({ version }) => `Selected trunk ${version}, the best on the validation splits`,
  rewound: ({ round, attempt }) => `Back to round ${round}, attempt ${attempt}`,
  continued: ({ round, attempt }) =>
    `Goes on from its folder: newest checkpoint of round ${round}, last attempt ${attempt}`,
  damaged: ({ file, problem }) => `${file} is damaged: ${problem}`,
  anew: ({ client, round }) => `${client} came back without its saved state: new heads from round ${round} on`,
  relayed: ({ relay, round }) => `In the run as ${relay}, at round ${round}`,
  'cut-off': ({ relay, reason }) => `The line of ${relay} to its coordinator broke: ${reason}`,
  paused: ({ event, round }) => `Run ${event} at round ${round}`,
  resumed: ({ event, round }) => `Run ${event} at round ${round}`,
  stopped: ({ event, round }) => `Run ${event} at round ${round}`,
  finished: ({ rounds, sha256 }) => `Finished after ${rounds} rounds; trunk sha256 ${sha256}`,
};

/** The lines of a log are told with what a live screen shows in its table. */
const logged: Tellers = {
  ...tellers,
  round({ round, losses, timing }) {
    const finite = Object.values(losses).filter((loss) => loss !== null);
    const mean = finite.reduce((sum, loss) => sum + loss, 0) / finite.length;
    const text = finite.length === 0 ? 'no finite loss' : `mean loss ${mean.toFixed(4)}`;
    return `Round ${round}: ${text}, ${durationText(timing.roundMs)}`;
  },
  checkpoint: ({ round }) => `Checkpoint of round ${round}`,
  error: ({ code, message, hint }) => `error: ${message} ${hint} (${code})`,
};

const tell = (by: Tellers, event: RunEvent, of: string): string | undefined =>
  (by[event.event] as ((event: RunEvent, of: string) => string | undefined) | undefined)?.(event, of);

/** An event in a sentence; undefined: it is not told one by one. @param planned how many rounds the run has */
export const sentence = (event: RunEvent, planned: number): string | undefined =>
  tell(tellers, event, ` of ${planned}`);

/** The same for a log, where each round has a line. */
export const logSentence = (event: RunEvent): string | undefined => tell(logged, event, '');

/** A few tasks are named one by one; of many only the mean of each metric is said, the table at the end has them all. */
function scoresText(tasks: readonly ScoredTask[]): string {
  const scores = tasks.map(({ task, metrics }) => {
    const [metric = '', value = null] = Object.entries(metrics)[0] ?? [];
    return { task, metric, value };
  });
  const text = (value: number | null) => (value === null ? 'undefined' : value.toFixed(3));
  if (scores.length <= 4) return scores.map(({ task, metric, value }) => `${task} ${metric} ${text(value)}`).join(', ');
  const metrics = [...new Set(scores.map(({ metric }) => metric))];
  return metrics
    .map((name) => {
      const defined = scores.flatMap(({ metric, value }) => (metric === name && value !== null ? [value] : []));
      const mean = defined.reduce((sum, value) => sum + value, 0) / defined.length;
      return `${name} ${defined.length === 0 ? 'undefined' : `${mean.toFixed(3)} (mean of ${defined.length} tasks, lowest ${Math.min(...defined).toFixed(3)})`}`;
    })
    .join(', ');
}
