import type { AnswerId } from '@trunkline/protocol';
import type { Answer } from '@trunkline/protocol/line';
import type { Layout } from '@trunkline/model/layout';
import type { LearnedGradient, TaskLoss } from '@trunkline/model/learner';
import { outgoing, trunkGradient, type Outgoing } from './outgoing.ts';

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
