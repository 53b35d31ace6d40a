import { z } from 'zod';
import { limits } from '@trunkline/protocol';
import { chosenOf, oneOf, type OneOf } from '@trunkline/model/config';
import { optimizerSchema, type OptimizerConfig } from '@trunkline/model/optimizer';
import { stalenessSchema, type Staleness } from './staleness.ts';

const deadlineMs = z.number().int().positive().default(30_000).describe('After this a round counts as overdue.');
const giveUpAfterMs = z
  .number()
  .int()
  .positive()
  .default(3_600_000)
  .describe('After this the run ends, its folder kept.');
const patience = {
  deadlineMs,
  onMissing: z.enum(['wait', 'proceed']).default('wait').describe('What becomes of an overdue round.'),
  giveUpAfterMs,
  mayLeave: z
    .boolean()
    .default(false)
    .describe('A client that says goodbye is not waited for, although its tasks are expected.'),
};

const localShape = {
  steps: z.number().int().positive().max(limits.localSteps).describe('H: steps of each task in a round.'),
  optimizer: optimizerSchema
    .prefault({ sgd: { learningRate: 0.01 } })
    .refine((optimizer) => ((chosenOf(optimizer).parameters as { weightDecay?: number }).weightDecay ?? 0) === 0, {
      error: 'weight decay belongs to the optimizer of the trunk; set `weightDecay: 0` here (adamw: use adam)',
    })
    .describe('Moves a task’s own copy of the trunk; begins anew each round, its schedule does not.'),
  proximal: z
    .number()
    .nonnegative()
    .default(0)
    .describe('μ of FedProx, which holds local steps near the trunk; 0: off.'),
  weighBySamples: z
    .boolean()
    .default(false)
    .describe('A task’s row is multiplied by its labelled training rows, relative to the mean over all tasks.'),
};

const local = z
  .strictObject({
    ...localShape,
    scaffold: z.boolean().default(false).describe('SCAFFOLD: correct each local step by control variates.'),
    ...patience,
  })
  .refine(({ scaffold, optimizer }) => !scaffold || isPlainSgd(optimizer), {
    path: ['scaffold'],
    error: 'scaffold needs `optimizer: { sgd: { learningRate } }` without schedule or clipNorm',
  });

/** η of the control variates must be the rate of every step. */
const isPlainSgd = (optimizer: OptimizerConfig): boolean =>
  optimizer.sgd !== undefined && optimizer.sgd.schedule === undefined && optimizer.sgd.clipNorm === undefined;

const buffered = z.strictObject({
  size: z.number().int().positive().describe('The trunk moves whenever this many answers have come.'),
  staleness: stalenessSchema.prefault('fedbuff').describe('How an answer from an older trunk is scaled down.'),
  maxAge: z
    .number()
    .int()
    .nonnegative()
    .default(20)
    .describe('Answers from a trunk more than this many versions old are dropped.'),
  local: z.strictObject(localShape).optional().describe('Local steps instead of gradients.'),
  deadlineMs: deadlineMs.describe(
    'No round for this long, or scores overdue for this long: it is said who is missing.',
  ),
  giveUpAfterMs,
});

const kinds = { sync: z.strictObject(patience), local, buffered };

/** The key `mode`. */
export const modeSchema = oneOf(kinds);
export type Mode = OneOf<typeof kinds>;

/** How local steps are taken. */
export interface LocalRules {
  readonly steps: number;
  readonly optimizer: OptimizerConfig;
  readonly proximal: number;
  readonly scaffold: boolean;
  readonly weighBySamples: boolean;
}

export interface BufferRules {
  readonly size: number;
  readonly staleness: Staleness;
  readonly maxAge: number;
}

export interface Patience {
  readonly deadlineMs: number;
  readonly onMissing: 'wait' | 'proceed';
  readonly giveUpAfterMs: number;
  readonly mayLeave: boolean;
}

/** A mode, taken apart by what its parts are for. */
export interface Pace {
  /** null: rows are gradients. */
  readonly local: LocalRules | null;
  /** null: a round waits for all its answers. */
  readonly buffer: BufferRules | null;
  readonly patience: Patience;
  /** Contributions are written to a journal before they are acknowledged; otherwise rounds are repeated after a crash. */
  readonly journal: boolean;
}

export function paceOf(mode: Mode): Pace {
  if (mode.buffered) {
    const { size, staleness, maxAge, local: steps, deadlineMs, giveUpAfterMs } = mode.buffered;
    return {
      local: steps ? { ...steps, scaffold: false } : null,
      buffer: { size, staleness, maxAge },
      journal: true,
      patience: { deadlineMs, giveUpAfterMs, onMissing: 'proceed', mayLeave: true },
    };
  }
  const { deadlineMs, onMissing, giveUpAfterMs, mayLeave } = (mode.local ?? mode.sync)!;
  const patience = { deadlineMs, onMissing, giveUpAfterMs, mayLeave };
  if (!mode.local) return { local: null, buffer: null, patience, journal: onMissing === 'proceed' };
  const { steps, optimizer, proximal, scaffold, weighBySamples } = mode.local;
  return { local: { steps, optimizer, proximal, scaffold, weighBySamples }, buffer: null, patience, journal: true };
}
