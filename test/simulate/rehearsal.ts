import type { Answers, Plan, TrunkStep } from '@trunkline/coordinator';
import type { PredictingLearner, StepCall, StepResult } from '@trunkline/model/learner';
import type { CodedWire } from './coded.ts';

/** One client's learner and what it was asked with. */
export interface Seat {
  readonly client: string;
  readonly learner: PredictingLearner;
  readonly lambda: Readonly<Record<string, number>>;
  readonly scale: Readonly<Record<string, number>> | undefined;
  readonly rowIds: Readonly<Record<string, string>>;
}

/** A round of every client, in turn, in this process: what the sockets carry, without the sockets. */
export interface Rehearsal {
  readonly plan: Plan;
  readonly keeper: TrunkStep;
  readonly seats: readonly Seat[];
  /** What the run's codecs do to what crosses the wire. */
  readonly wire: CodedWire;
  round(probe?: boolean): Promise<Record<string, StepResult>>;
  /** These clients' answers as the coordinator would add them; does not move the trunk. `weights`: what λ was multiplied by for this round. */
  answers(results: Record<string, StepResult>, weights?: Readonly<Record<string, number>>): Promise<Answers>;
  dispose(): void;
}

/** What local steps, and the strategy's wants, ask of a learner in addition. */
export function furtherCall(
  { pace, strategy }: Plan,
  { control }: Pick<TrunkStep, 'control'>,
  scale: Readonly<Record<string, number>> | undefined,
): Pick<StepCall, 'local' | 'wants'> {
  const wants = strategy.wants.length > 0 ? { wants: strategy.wants } : {};
  if (!pace.local) return wants;
  const { steps, optimizer, proximal, scaffold } = pace.local;
  return { ...wants, local: { steps, optimizer, proximal, scaffold, control, ...(scale ? { scale } : {}) } };
}
