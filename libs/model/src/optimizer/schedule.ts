import { z } from 'zod';
import { chosenOf, oneOf, type OneOf } from '../config/one-of.ts';

const warmup = z.int().nonnegative().default(0).describe('Updates in which the rate first rises in equal steps.');

const kinds = {
  constant: z.strictObject({ warmup }),
  step: z.strictObject({
    every: z.int().positive().describe('Updates between two steps, counted after the warm-up.'),
    factor: z.number().positive().max(1).default(0.1).describe('What the rate is multiplied by at each step.'),
    warmup,
  }),
  cosine: z
    .strictObject({
      rounds: z.int().positive().describe('Updates until the end, warm-up included.'),
      final: z.number().min(0).max(1).default(0).describe('The last rate, as a share of the learning rate.'),
      warmup,
    })
    .refine((given) => given.warmup < given.rounds, { path: ['warmup'], message: 'expected fewer than `rounds`' }),
};

/** The key `schedule` of an optimiser: `{ cosine: { rounds: 500, final: 0 } }`, `{ step: { every: 100, factor: 0.5 } }`, `constant`. */
export const scheduleSchema = oneOf(kinds);
export type Schedule = OneOf<typeof kinds>;
/** As a caller may write it, with defaults left out. */
export type ScheduleInput =
  'constant' | { readonly [Kind in keyof typeof kinds]?: z.input<(typeof kinds)[Kind]> | undefined };

type Factor<Kind extends keyof typeof kinds> = (parameters: z.output<(typeof kinds)[Kind]>, update: number) => number;

const factors: { readonly [Kind in keyof typeof kinds]: Factor<Kind> } = {
  constant: () => 1,
  step: ({ every, factor }, update) => factor ** Math.floor(update / every),
  // Loshchilov & Hutter, ICLR 2017, one period without restart.
  cosine: ({ rounds, final, warmup }, update) =>
    final + ((1 - final) * (1 + Math.cos(Math.PI * Math.min(1, update / (rounds - warmup))))) / 2,
};

/**
 * What the learning rate is multiplied by in update `step` (0 is the first), where `step` counts this optimiser's own updates, not
 * the run's rounds. A warm-up of n updates gives 1/n, 2/n, … 1; the rest of the schedule begins with the update after it.
 */
export function factorAt(schedule: Schedule | undefined, step: number): number {
  if (schedule === undefined) return 1;
  const { name, parameters } = chosenOf(schedule);
  const { warmup: rising } = parameters as { warmup: number };
  if (step < rising) return (step + 1) / rising;
  return (factors[name as keyof typeof kinds] as (parameters: unknown, update: number) => number)(
    parameters,
    step - rising,
  );
}
