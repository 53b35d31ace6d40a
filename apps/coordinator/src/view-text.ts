import type { ClientView, OperatorView, Problem } from './operator-view.ts';
import { bytesText, columns, durationText, figureText } from '@trunkline/protocol';

/** `coordinator status` for people. The first lines answer: what runs, does it learn, who is being waited for; the last: what is wrong. */
export function viewText(view: OperatorView, now: Date): string {
  const ago = (since: string) => durationText(now.getTime() - Date.parse(since));
  const { run, state, round, rounds, attempt, live, folder } = view;
  const rest = view.restMs === null ? '' : `, about ${durationText(view.restMs)} left`;
  const lines = [
    `Run ${run}: ${state}, ${round} of ${rounds ?? 'an unknown number of'} rounds done${attempt > 0 ? `, attempt ${attempt}` : ''}; ${durationText(view.elapsedMs)}${rest}`,
    live
      ? `  live at ${view.url}, process ${view.pid}, folder ${folder}`
      : `  nobody holds it now: this is what its folder ${folder} tells`,
    ...(view.dashboard ? [`  dashboard ${view.dashboard}`] : []),
    `  mean loss ${figureText(view.loss)}; ${bytesText(view.bytes.up)} up, ${bytesText(view.bytes.down)} down`,
    ...waitingLines(view, ago),
    ...(live && state !== 'finished' ? [`  join: ${view.join}`] : []),
  ];
  if (view.clients.length > 0) lines.push('', clientsText(view.clients).trimEnd());
  lines.push('', ...(view.problems.length === 0 ? ['Nothing needs attention.'] : problemLines(view.problems, ago)));
  return `${lines.join('\n')}\n`;
}

function waitingLines({ waitingFor, waitingSince }: OperatorView, ago: (since: string) => string): string[] {
  const names = waitingFor.clients.length > 0 ? waitingFor.clients : waitingFor.tasks.map((task) => `task ${task}`);
  if (names.length === 0) return [];
  return [`  waiting for ${names.join(', ')}${waitingSince ? `, for ${ago(waitingSince)}` : ''}`];
}

function problemLines(problems: readonly Problem[], ago: (since: string) => string): string[] {
  const lines = ['Needs attention:'];
  for (const { kind, who, since, what, remedy } of problems) {
    const clock = since.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
    lines.push(`  ${who}: ${kind} since ${clock} (${ago(since)}): ${what}`, `    → ${remedy}`);
  }
  return lines;
}

const HEAD = ['client', 'tasks', 'state', 'round', 'rows/s', 'lag', 'up', 'down', 'loss', 'score'];
const LEFT = new Set([0, 1, 2]);

/** One line a client. */
export function clientsText(clients: readonly ClientView[]): string {
  if (clients.length === 0) return 'No client has joined yet.\n';
  const rows = clients.map((client) => [
    client.client,
    client.tasks.join(','),
    client.state,
    client.round === null ? '–' : String(client.round),
    figureText(client.samplesPerSecond),
    client.lagMs === null ? '–' : durationText(client.lagMs),
    bytesText(client.up),
    bytesText(client.down),
    figureText(client.loss),
    client.score ? `${client.score.metric} ${figureText(client.score.value)}` : '–',
  ]);
  return `${columns([HEAD, ...rows], LEFT).join('\n')}\n`;
}
