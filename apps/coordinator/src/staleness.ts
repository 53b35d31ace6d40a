import { z } from 'zod';
import { chosenOf, oneOf, type OneOf } from '@trunkline/model/config';

const kinds = {
  /** Nguyen et al., FedBuff, AISTATS 2022. */
  fedbuff: z.strictObject({}),
  /** Xie et al., FedAsync, 2019, polynomial. */
  'fedasync-poly': z.strictObject({
    a: z.number().nonnegative().default(0.5).describe('The exponent: (τ + 1)^−a.'),
  }),
  /** Xie et al., FedAsync, 2019, hinge. */
  'fedasync-hinge': z.strictObject({
    a: z.number().positive().default(10).describe('The slope past b: 1 / (a(τ − b) + 1).'),
    b: z.number().nonnegative().default(4).describe('Ages up to b count in full.'),
  }),
  none: z.strictObject({}),
};

/** The key `staleness`: a name, or a name with its parameters. */
export const stalenessSchema = oneOf(kinds);
export type Staleness = OneOf<typeof kinds>;

type Scale<Kind extends keyof typeof kinds> = (parameters: z.output<(typeof kinds)[Kind]>, age: number) => number;

const scales: { readonly [Kind in keyof typeof kinds]: Scale<Kind> } = {
  fedbuff: (_, age) => 1 / Math.sqrt(1 + age),
  'fedasync-poly': ({ a }, age) => (age + 1) ** -a,
  'fedasync-hinge': ({ a, b }, age) => (age <= b ? 1 : 1 / (a * (age - b) + 1)),
  none: () => 1,
};

/** s(τ), what a row is multiplied by; τ = `age`, the versions between the trunk that it was computed from and the newest. 1 when fresh. */
export function stalenessScale(staleness: Staleness, age: number): number {
  const { name, parameters } = chosenOf(staleness);
  return (scales[name as keyof typeof kinds] as (parameters: unknown, age: number) => number)(parameters, age);
}
