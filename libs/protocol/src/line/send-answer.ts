import { sendChunks } from '../wire/index.ts';
import {
  contributionTransfer,
  type AnsweredMessage,
  type AnswerId,
  type ContributionMessage,
} from '../messages/index.ts';
import type { Credit } from './credit.ts';
import type { Link } from './link.ts';
import { isStale } from './passing.ts';

/** A client's whole answer to a round. It is kept until the next one: asked again, a client sends the same bytes again. */
export interface Answer {
  readonly id: AnswerId;
  /** The trunk that it was computed from. */
  readonly version: number;
  readonly contributions: readonly { readonly message: ContributionMessage; readonly bytes: Uint8Array }[];
  readonly losses: AnsweredMessage['losses'];
  readonly timing: AnsweredMessage['timing'];
}

/** Contributions that may count: announced, and not refused then and there. Where a line broke behind one, nobody here knows. */
const maybeCounted = new WeakSet<ContributionMessage>();

/** Whether the coordinator may have taken this contribution in. */
export const mayCount = (message: ContributionMessage): boolean => maybeCounted.has(message);

const underWay = new WeakMap<Answer, Promise<void>>();
/** Contributions of which something may have arrived already. */
const begun = new WeakSet<ContributionMessage>();

/**
 * Sends an answer; resolves once the coordinator has all of it. `credit` holds back while its memory is short. Asked for it again while it is
 * on its way, nothing is sent twice; after a broken line it goes on with what had not arrived.
 */
export function sendAnswer(link: Link, answer: Answer, credit: Pick<Credit, 'use'>): Promise<void> {
  const before = underWay.get(answer);
  if (before) return before;
  const sent = sendParts(link, answer, credit).finally(() => underWay.delete(answer));
  underWay.set(answer, sent);
  return sent;
}

async function sendParts(link: Link, answer: Answer, credit: Pick<Credit, 'use'>): Promise<void> {
  const { round, attempt } = answer.id;
  for (const { message, bytes } of answer.contributions) {
    const transfer = contributionTransfer(message);
    await credit.use(() => link.request('ready', answer.id));
    const announced = link.request('contribution', { ...message, version: answer.version });
    // At first all of it is missing, and nothing waits for being told so; failures are told by whoever is waited for first.
    const first = !maybeCounted.has(message);
    maybeCounted.add(message);
    announced.catch((error: unknown) => {
      if (first && isStale(error)) maybeCounted.delete(message);
    });
    const missing = begun.has(message) ? (await announced).missing : undefined;
    begun.add(message);
    const { pace } = link;
    try {
      await sendChunks(bytes, (index, chunk) => link.chunk({ transfer, index }, chunk), { missing, pace });
    } catch (error) {
      // Chunks of what was refused belong to nothing: why it was refused is the reason.
      await announced;
      throw error;
    }
    await announced;
  }
  await link.request('answered', {
    round,
    attempt,
    version: answer.version,
    losses: answer.losses,
    contributions: answer.contributions.length,
    timing: answer.timing,
  });
}
