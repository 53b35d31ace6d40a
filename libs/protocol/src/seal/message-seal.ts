import type { AnsweredMessage, ContributionMessage } from '../messages/round.ts';

/** Where a message was signed for: another run's, or another client's, is another text. */
export interface SealedFor {
  readonly run: string;
  readonly client: string;
}

/** What a client signs of a contribution: its id, the hash of its bytes, whose gradients are in it and from which trunk. */
export const contributionText = ({ run, client }: SealedFor, message: ContributionMessage): string => {
  const { round, attempt, kind, tasks, sha256, bytes, encoding, version } = message;
  return JSON.stringify([
    'trunkline contribution',
    run,
    client,
    round,
    attempt,
    kind,
    tasks,
    version ?? null,
    sha256,
    bytes,
    encoding,
  ]);
};

/** What a client signs when it has answered: the losses too, which some strategies weigh by. */
export const answeredText = ({ run, client }: SealedFor, message: AnsweredMessage): string => {
  const { round, attempt, version, losses, contributions } = message;
  const said = losses.map(({ task, loss, labelled }) => [task, loss, labelled]);
  return JSON.stringify(['trunkline answered', run, client, round, attempt, version ?? null, said, contributions]);
};
