import type { RunEvent, ScoredTask, Sink } from '../run-events.ts';

/** Where people read: a terminal redraws its last line, a file or a pipe only gets whole ones. */
export interface Screen {
  readonly isTTY: boolean;
  write(text: string): void;
}

/** Says what happens in plain sentences; rounds are one line that is redrawn on a terminal, and silent elsewhere. */
export function terminalSink(screen: Screen, rounds: number): Sink {
  let drawn = false;
  const clear = () => {
    if (drawn) screen.write('\r\x1b[2K');
    drawn = false;
  };
  const say = (line: string) => {
    clear();
    screen.write(`${line}\n`);
  };
  return (event) => {
    if (event.event !== 'round') {
      const line = sentence(event, rounds);
      if (line !== undefined) say(line);
      return;
    }
    if (!screen.isTTY) return;
    clear();
    screen.write(roundLine(event, rounds));
    drawn = true;
  };
}

function sentence(event: Exclude<RunEvent, { event: 'round' }>, rounds: number): string | undefined {
  switch (event.event) {
    case 'listening':
      return `Run ${event.run} listens at ${event.url}\n  folder ${event.folder}`;
    case 'joined':
      return `${event.client} ${event.again ? 'is back' : 'joined'} with ${event.tasks.map((task) => `${task} (${event.labelled[task]} labelled rows)`).join(', ')}; ${event.backend}`;
    case 'left':
      return `${event.client} left: ${event.reason}`;
    case 'refused':
      return `${event.client}: ${event.message} refused: ${event.error.message}`;
    case 'dropped':
      return `${event.client}: an answer from a trunk ${event.age} versions old was dropped (maxAge ${event.maxAge})`;
    case 'waiting': {
      const names = [
        ...event.clients.map((client) => `client ${client}`),
        ...(event.clients.length ? [] : event.tasks.map((task) => `task ${task}`)),
      ];
      return names.length === 0 ? undefined : `Round ${event.round}: waiting for ${names.join(', ')}`;
    }
    case 'scores':
      return `Trunk ${event.version} of ${rounds}, ${event.split} split: ${scoresText(event.tasks)}`;
    case 'selected':
      return `Selected trunk ${event.version}, the best on the validation splits`;
    case 'rewound':
      return `Back to round ${event.round}, attempt ${event.attempt}`;
    case 'paused':
    case 'resumed':
    case 'stopped':
      return `Run ${event.event} at round ${event.round}`;
    case 'finished':
      return `Finished after ${event.rounds} rounds; trunk sha256 ${event.sha256}`;
    case 'error':
    case 'accepted':
    case 'checkpoint':
    case 'conflicts':
      return undefined;
  }
}

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

function roundLine(event: Extract<RunEvent, { event: 'round' }>, rounds: number): string {
  const finite = Object.values(event.losses).filter((loss) => loss !== null);
  const mean = finite.reduce((sum, loss) => sum + loss, 0) / Math.max(1, finite.length);
  return `Round ${event.round + 1}/${rounds}  mean loss ${mean.toFixed(4)}  ${(1000 / event.timing.roundMs).toFixed(0)} rounds/s`;
}
