import type { CoordinatorMessage, Welcome } from '@trunkline/protocol';
import type { LocalCall, StepCall } from '@trunkline/model/learner';

/** A called round as the training thread takes it; what holds for the whole run comes from the welcome. */
export function stepOf(
  call: CoordinatorMessage<'round'>,
  { local }: Welcome,
  control: Float32Array | null,
): Omit<StepCall, 'theta'> & { best?: number } {
  const { round, lambda, exchange, probe, warmup, scale, best, wants } = call;
  const steps = local && {
    // The learner checks it against the optimizers that it knows.
    ...(local as typeof local & Pick<LocalCall, 'optimizer'>),
    control,
    ...(scale ? { scale } : {}),
  };
  return {
    round,
    lambda,
    exchange,
    probe,
    ...(best === undefined ? {} : { best }),
    ...(warmup === undefined ? {} : { warmup }),
    ...(wants ? { wants } : {}),
    ...(steps ? { local: steps } : {}),
  };
}
