import type { AnswerId, ContributionMessage } from '@trunkline/protocol';
import { mayCount, type Answer } from '@trunkline/protocol/line';
import type { Layout } from '@trunkline/model/layout';
import type { LearnedGradient, TaskLoss } from '@trunkline/model/learner';
import { outgoing, streamOf, trunkGradient, type Compression, type Labelled, type TrunkGradient } from './outgoing.ts';

/** What a step gave, whole. */
export interface Gathered {
  readonly losses: readonly TaskLoss[];
  readonly gradients: readonly (Labelled & { readonly values: TrunkGradient })[];
}

/** Waits for all slices of a step's gradients. */
export async function gather(
  layout: Layout,
  learned: { losses: readonly TaskLoss[]; gradients: readonly LearnedGradient[] },
): Promise<Gathered> {
  const gradients = [];
  for (const { kind, tasks, slices } of learned.gradients)
    gradients.push({ kind, tasks, values: await trunkGradient(layout, slices) });
  return { losses: learned.losses, gradients };
}

/**
 * Takes gradients through the pipeline. At once, and not before the answer is wanted for certain: what the codec leaves out of them goes with
 * the next ones.
 */
export function answerOf(
  id: AnswerId,
  learned: Gathered,
  compression: Compression,
): Omit<Answer, 'timing' | 'version'> {
  const contributions = learned.gradients.map(({ kind, tasks, values }) => {
    const { bytes, encoding, sha256 } = outgoing(values, compression, { kind, tasks });
    return { message: { ...id, kind, tasks: [...tasks], bytes: bytes.byteLength, sha256, encoding }, bytes };
  });
  const losses = learned.losses.map(({ task, loss, labelled, after }) => ({
    task,
    labelled,
    loss: Number.isFinite(loss) ? loss : null,
    ...(after === undefined ? {} : { after: Number.isFinite(after) ? after : null }),
  }));
  return { id, contributions, losses };
}

/** Contributions whose values were put back: once is enough. */
const takenBack = new WeakSet<ContributionMessage>();

/** Nobody wants this answer any more: what of it certainly does not count goes with later ones. Does nothing when called again. */
export function takeBack({ contributions }: Pick<Answer, 'contributions'>, { feedback }: Compression): void {
  for (const { message, bytes } of contributions) {
    if (mayCount(message) || takenBack.has(message) || !(message.kind === 'sum' || message.kind === 'row')) continue;
    takenBack.add(message);
    feedback.giveBack(streamOf(message), { bytes, encoding: message.encoding });
  }
}
