import {
  contributionTransfer,
  sendChunks,
  type AnsweredMessage,
  type AnswerId,
  type ContributionMessage,
} from '@trunkline/protocol';
import type { Layout } from '@trunkline/model/layout';
import type { LearnedGradient, TaskLoss } from '@trunkline/model/learner';
import type { Link } from './link.ts';
import { outgoing, trunkGradient, type Outgoing } from './outgoing.ts';

/** A client's whole answer to a round. It is kept until the next one: asked again, a client sends the same bytes again. */
export interface Answer {
  readonly id: AnswerId;
  /** The trunk that it was computed from. */
  readonly version: number;
  readonly contributions: readonly { readonly message: ContributionMessage; readonly bytes: Uint8Array }[];
  readonly losses: AnsweredMessage['losses'];
  readonly timing: AnsweredMessage['timing'];
}

/** Takes the learner's gradients through the pipeline. */
export async function answerOf(
  id: AnswerId,
  layout: Layout,
  learned: { losses: readonly TaskLoss[]; gradients: readonly LearnedGradient[] },
): Promise<Omit<Answer, 'timing' | 'version'>> {
  const contributions = [];
  for (const { kind, tasks, slices } of learned.gradients) {
    const out: Outgoing = outgoing(await trunkGradient(layout, slices));
    const { bytes, encoding, sha256 } = out;
    contributions.push({
      message: { ...id, kind, tasks: [...tasks], bytes: bytes.byteLength, sha256, encoding },
      bytes,
    });
  }
  const losses = learned.losses.map(({ task, loss, labelled, after }) => ({
    task,
    labelled,
    loss: Number.isFinite(loss) ? loss : null,
    ...(after === undefined ? {} : { after: Number.isFinite(after) ? after : null }),
  }));
  return { id, contributions, losses };
}

/** Sends an answer; resolves once the coordinator has all of it. `credit` holds back while its memory is short. */
export async function sendAnswer(link: Link, answer: Answer, credit: () => Promise<void>): Promise<void> {
  const { round, attempt } = answer.id;
  const received: Promise<unknown>[] = [];
  for (const { message, bytes } of answer.contributions) {
    const transfer = contributionTransfer(message);
    await credit();
    const verified = link.request('contribution', message);
    verified.catch(() => undefined);
    received.push(verified);
    await sendChunks(bytes, (index, chunk) => link.chunk({ transfer, index }, chunk));
  }
  await Promise.all(received);
  await link.request('answered', {
    round,
    attempt,
    version: answer.version,
    losses: answer.losses,
    contributions: answer.contributions.length,
    timing: answer.timing,
  });
}
