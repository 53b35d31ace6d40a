import { z } from 'zod';

/** A choice by name: one key of `Kinds`, with its parameters filled in. */
export type OneOf<Kinds extends Record<string, z.ZodType>> = {
  readonly [Name in keyof Kinds]?: z.output<Kinds[Name]> | undefined;
};

/** One of several kinds: its bare name, `huber`, or one key with parameters, `{ huber: { delta: 2 } }`. Gives the second form. */
export function oneOf<Kinds extends Record<string, z.ZodType>>(kinds: Kinds): z.ZodType<OneOf<Kinds>> {
  const names = Object.keys(kinds) as [string, ...string[]];
  const fields = Object.fromEntries(names.map((name) => [name, kinds[name]!.optional()]));
  const error = `expected one of ${names.join(', ')}`;
  const chosen = z.strictObject(fields).refine((value) => Object.keys(value).length === 1, { error });
  const bare = z
    .enum(names)
    .transform((name): unknown => ({ [name]: {} }))
    .pipe(chosen);
  return z.union([bare, chosen], { error }) as unknown as z.ZodType<OneOf<Kinds>>;
}

/** The name and the parameters of what was chosen. */
export function chosenOf(choice: Readonly<Record<string, unknown>>): { name: string; parameters: unknown } {
  const [name, parameters] = Object.entries(choice).find(([, value]) => value !== undefined)!;
  return { name, parameters };
}
