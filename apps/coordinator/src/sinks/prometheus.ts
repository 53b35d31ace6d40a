import type { OperatorView } from '../operator-view.ts';

/** What of the process itself is shown. */
export interface ProcessFigures {
  readonly residentBytes: number;
  readonly cpuSeconds: number;
}

export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number | null];

const STATES = ['gathering', 'training', 'evaluating', 'paused', 'finished', 'failed', 'stopped'] as const;
const seconds = (iso: string | null): number | null => (iso === null ? null : Date.parse(iso) / 1000);

/** A run's figures in Prometheus' text format 0.0.4 (prometheus.io, "Exposition formats"). What is unknown is left out. */
export function prometheusText(view: OperatorView, { residentBytes, cpuSeconds }: ProcessFigures): string {
  const each = (value: (client: OperatorView['clients'][number]) => number | null): Sample[] =>
    view.clients.map((client) => [{ client: client.client }, value(client)]);
  const directions = (client: Labels, { up, down }: { up: number; down: number }): Sample[] => [
    [{ ...client, direction: 'up' }, up],
    [{ ...client, direction: 'down' }, down],
  ];
  const one = (value: number | null): Sample[] => [[{}, value]];
  return [
    family('trunkline_run_info', 'gauge', 'The run, always 1.', [[{ run: view.run }, 1]]),
    family(
      'trunkline_state',
      'gauge',
      'What the run is doing: 1 for one state, 0 for the others.',
      STATES.map((state) => [{ state }, view.state === state ? 1 : 0]),
    ),
    family('trunkline_round', 'gauge', 'Rounds done.', one(view.round)),
    family('trunkline_rounds', 'gauge', 'Rounds planned.', one(view.rounds)),
    family('trunkline_attempt', 'gauge', 'How often the run went back.', one(view.attempt)),
    family('trunkline_elapsed_seconds', 'gauge', 'Since the coordinator began to listen.', one(view.elapsedMs / 1000)),
    family('trunkline_loss', 'gauge', 'Mean training loss over the rows of the last round.', one(view.loss)),
    family('trunkline_bytes_total', 'counter', 'Bytes of closed rounds.', directions({}, view.bytes)),
    family('trunkline_waiting_clients', 'gauge', 'Clients whose answer is due.', one(view.waitingFor.clients.length)),
    family(
      'trunkline_waiting_tasks',
      'gauge',
      'Expected tasks that nobody brings, or whose answer is due.',
      one(view.waitingFor.tasks.length),
    ),
    family(
      'trunkline_client_connected',
      'gauge',
      '1: its line stands.',
      each(({ heardAt }) => (heardAt === null ? 0 : 1)),
    ),
    family(
      'trunkline_client_round',
      'gauge',
      'The last round that holds its answer.',
      each(({ round }) => round),
    ),
    family(
      'trunkline_client_rows_per_second',
      'gauge',
      'Labelled rows that it trains on, a second.',
      each(({ samplesPerSecond }) => samplesPerSecond),
    ),
    family(
      'trunkline_client_lag_seconds',
      'gauge',
      'How much later than the first client its last answer was ready.',
      each(({ lagMs }) => (lagMs === null ? null : lagMs / 1000)),
    ),
    family(
      'trunkline_client_bytes_total',
      'counter',
      'Bytes that its line carried in closed rounds.',
      view.clients.flatMap(({ client, up, down }) => directions({ client }, { up, down })),
    ),
    family(
      'trunkline_client_loss',
      'gauge',
      'Mean training loss over its tasks, last round.',
      each(({ loss }) => loss),
    ),
    family(
      'trunkline_client_score',
      'gauge',
      'Score of its last scored task.',
      view.clients.map(({ client, score }) => [{ client, metric: score?.metric ?? '' }, score?.value ?? null]),
    ),
    family(
      'trunkline_client_heard_timestamp_seconds',
      'gauge',
      'Liveness: when anything came from it.',
      each(({ heardAt }) => seconds(heardAt)),
    ),
    family(
      'trunkline_client_moved_timestamp_seconds',
      'gauge',
      'Progress: when part of a message came from it.',
      each(({ movedAt }) => seconds(movedAt)),
    ),
    family('trunkline_problem', 'gauge', 'What needs attention, 1 each.', problems(view)),
    family('process_resident_memory_bytes', 'gauge', 'Resident memory.', one(residentBytes)),
    family('process_cpu_seconds_total', 'counter', 'User and system time.', one(cpuSeconds)),
  ].join('');
}

/** One sample a client and kind: a name with two of a kind would stand twice, which the format forbids. */
function problems({ problems: all }: OperatorView): Sample[] {
  const labels = new Map(all.map(({ who, kind }) => [`${kind} ${who}`, { who, kind }]));
  return [...labels.values()].map((label) => [label, 1]);
}

function family(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const known = samples.filter((sample): sample is readonly [Labels, number] => sample[1] !== null);
  if (known.length === 0) return '';
  const lines = known.map(([labels, value]) => `${name}${labelsText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
