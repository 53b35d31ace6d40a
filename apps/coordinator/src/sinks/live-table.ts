import type { ClientRecord, RunRecord } from '../run-record.ts';
import { bytesText, columns, durationText, figureText } from '@trunkline/protocol';
import { arrow, sparkline } from './trend.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Lines for head and round line, and the one where the cursor stands. */
const AROUND = 4;
const BAR = 16;

/**
 * The table of a run under way: one line a client, the round line and who is waited for. Never wider or higher than the screen: a narrow
 * one gets fewer columns, a low one fewer clients, those first that need to be looked at.
 */
export function liveTable(record: RunRecord, planned: number, size: Size, now: number): string[] {
  const all = [...record.clients.values()].map((client) => ({ client, state: stateOf(client, record) }));
  all.sort((a, b) => a.state.rank - b.state.rank || (a.client.client < b.client.client ? -1 : 1));
  const room = Math.max(1, size.rows - AROUND);
  const shown = all.slice(0, all.length > room ? room - 1 : room);
  const more = all.length - shown.length;
  const lines = shown.length === 0 ? [] : table(shown, size.columns);
  if (more > 0) lines.push(`and ${more} more clients; \`coordinator clients\` lists them`);
  lines.push(roundLine(record, planned, size.columns, now));
  const waiting = waitingLine(record, now);
  if (waiting !== undefined) lines.push(waiting);
  return lines.map((line) => cut(line, size.columns));
}

interface State {
  readonly text: string;
  /** What an operator should see first stands first. */
  readonly rank: number;
}

function stateOf(client: ClientRecord, { waiting, state }: RunRecord): State {
  if (client.revokedAt !== null) return { text: '! revoked', rank: 0 };
  if (client.refused && client.refused.message !== 'admission') return { text: '! refused', rank: 0 };
  if (!client.connected) return { text: '! missing', rank: 0 };
  if (client.diverging.size > 0) return { text: '! diverging', rank: 0 };
  if (waiting?.clients.includes(client.client)) return { text: '… late', rank: 1 };
  return { text: state === 'training' ? 'training' : state, rank: 2 };
}

/** Columns from the most to the least wanted; as many as fit are shown, in the order of `place`. */
const COLUMNS: readonly {
  head: string;
  place: number;
  cell: (client: ClientRecord, state: State, narrow: boolean) => string;
}[] = [
  { head: 'client', place: 0, cell: ({ client }, _, narrow) => cut(client, narrow ? 12 : 16) },
  { head: 'state', place: 2, cell: (_, state) => state.text },
  { head: 'loss', place: 8, cell: ({ losses }) => (losses.length === 0 ? '–' : figureText(losses.at(-1)!)) },
  { head: '', place: 9, cell: ({ losses }) => arrow(losses) },
  { head: 'score', place: 10, cell: ({ score }) => (score ? figureText(score.value) : '–') },
  { head: 'round', place: 3, cell: ({ round }) => (round === null ? '–' : String(round)) },
  { head: 'tasks', place: 1, cell: ({ tasks }, _, narrow) => cut(tasks.join(','), narrow ? 8 : 22) },
  { head: 'rows/s', place: 4, cell: ({ samplesPerSecond }) => figureText(samplesPerSecond) },
  { head: 'lag', place: 5, cell: ({ lagMs }) => (lagMs === null ? '–' : durationText(lagMs)) },
  { head: 'up', place: 6, cell: ({ up }) => bytesText(up) },
  { head: 'down', place: 7, cell: ({ down }) => bytesText(down) },
  { head: 'metric', place: 11, cell: ({ score }) => cut(score?.metric ?? '–', 17) },
  { head: 'trend', place: 12, cell: ({ losses }) => sparkline(losses, 12) },
];

/** Without the last so many columns names are cut before another column goes. */
const NAMES_FIRST = 2;

function table(clients: readonly { client: ClientRecord; state: State }[], width: number): string[] {
  const drawn = (count: number, narrow: boolean) => {
    const chosen = COLUMNS.slice(0, count).sort((a, b) => a.place - b.place);
    const left = new Set(chosen.flatMap(({ place }, i) => ([0, 1, 2, 9, 11, 12].includes(place) ? [i] : [])));
    const rows = clients.map(({ client, state }) => chosen.map(({ cell }) => cell(client, state, narrow)));
    return columns([chosen.map(({ head }) => head), ...rows], left);
  };
  const fits = (lines: readonly string[]) => lines.every((line) => [...line].length <= width);
  for (let count = COLUMNS.length; count > 1; count--) {
    for (const narrow of count > COLUMNS.length - NAMES_FIRST ? [false] : [false, true]) {
      const lines = drawn(count, narrow);
      if (fits(lines)) return lines;
    }
  }
  return drawn(1, true);
}

function roundLine(record: RunRecord, planned: number, width: number, now: number): string {
  const { rounds, roundMs, loss, bytes } = record;
  const share = planned === 0 ? 1 : Math.min(1, rounds / planned);
  const filled = Math.round(share * BAR);
  const parts = [
    `Round ${rounds}/${planned} ${'━'.repeat(filled)}${'─'.repeat(BAR - filled)} ${Math.floor(share * 100)} %`,
    loss === null ? '' : `mean loss ${figureText(loss)}`,
    roundMs === null ? '' : rate(roundMs),
    roundMs === null || rounds >= planned ? '' : `${durationText((planned - rounds) * roundMs)} left`,
    `${durationText(now - record.begunAt)} so far`,
    `${bytesText(bytes.up)} up, ${bytesText(bytes.down)} down`,
  ].filter((part) => part !== '');
  while (parts.length > 1 && [...parts.join('  ')].length > width) parts.pop();
  return parts.join('  ');
}

const rate = (roundMs: number): string =>
  roundMs > 1000 ? `${durationText(roundMs)} a round` : `${figureText(1000 / Math.max(roundMs, 0.1))} rounds/s`;

function waitingLine({ waiting, state }: RunRecord, now: number): string | undefined {
  if (state === 'paused') return 'Paused: `coordinator resume` goes on';
  if (!waiting) return undefined;
  const names = waiting.clients.length > 0 ? waiting.clients : waiting.tasks.map((task) => `task ${task}`);
  return `Waiting for ${names.join(', ')}, for ${durationText(now - waiting.since)}`;
}

const cut = (text: string, width: number): string => {
  const points = [...text];
  return points.length <= width ? text : `${points.slice(0, Math.max(0, width - 1)).join('')}…`;
};
