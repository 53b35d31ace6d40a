import type { Agreement } from './agreement.ts';
import type { ClientEvent } from './client-event.ts';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const writtenText = ({ codec, roundBytes }: Agreement): string =>
  codec === null ? '' : `, written as ${codec}, ${roundBytes} bytes a round`;

/** What will leave this client, before anything does. */
export const agreementText = (agreement: Agreement): string =>
  [
    `Run ${agreement.run} at ${agreement.url} asks this client for:`,
    `  ${agreement.rounds} rounds of trunk gradients${agreement.localSteps === null ? '' : `, each the sum of ${agreement.localSteps} local updates`}, ${agreement.parameters} values each${writtenText(agreement)}: ${megabytes(agreement.bytes)} at the most`,
    `  ${agreement.evaluations} times the scores of ${agreement.tasks.join(', ')}, and the loss of each batch`,
    '  the number of labelled training rows of each task',
    'Heads, adapters, labels and data stay here.',
    '',
  ].join('\n');

/** One sentence an event; rounds are not said one by one. */
export function eventText(event: ClientEvent): string | undefined {
  switch (event.event) {
    case 'loaded': {
      const tasks = event.tasks.map(
        ({ id, rows }) =>
          `${id} (${Object.entries(rows)
            .map(([split, count]) => `${count} ${split}`)
            .join(', ')} rows)`,
      );
      return [`Client ${event.client}: ${tasks.join('; ')}`, ...event.notes.map((note) => `  note: ${note}`)].join(
        '\n',
      );
    }
    case 'joined':
      return `Joined run ${event.run} at round ${event.round}; ${event.backend}`;
    case 'waiting':
      return event.waitingFor > 0
        ? `Round ${event.round}: ${event.phase}, waiting for ${event.waitingFor} more`
        : undefined;
    case 'scores':
      return `Trunk ${event.version}, ${event.split} split: ${Object.entries(event.scores)
        .map(
          ([task, metrics]) =>
            `${task} ${Object.entries(metrics)
              .map(([name, value]) => `${name} ${value?.toFixed(3) ?? 'undefined'}`)
              .join(' ')}`,
        )
        .join('; ')}`;
    case 'lost':
      return `Connection lost (${event.reason}); trying again`;
    case 'rewound':
      return `Back to round ${event.round}, attempt ${event.attempt}`;
    case 'continued':
      return `Goes on from its state of round ${event.round}`;
    case 'anew':
      return `This client holds no state of the run, which is at round ${event.round}: it begins with new heads`;
    case 'set-aside':
      return `${event.file}: ${event.problem}`;
    case 'round':
      return undefined;
  }
}
