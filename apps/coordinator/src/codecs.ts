import { z } from 'zod';
import { topkFields, type Codecs } from '@trunkline/protocol';
import { chosenOf, oneOf } from '@trunkline/model/config';

const bare = z.strictObject({});
const dense = { none: bare, float16: bare, bfloat16: bare, int8: bare };

const topk = z.strictObject({
  fraction: topkFields.fraction.default(0.01).describe('The part of all entries that is sent.'),
  momentum: topkFields.momentum
    .default(0)
    .describe('Momentum correction at the client, where the optimizer is sgd; others bring a momentum of their own.'),
});

/** The key `codec`. */
export const codecSchema = z.strictObject({
  up: oneOf({ ...dense, topk })
    .optional()
    .describe('How gradients are written: what int8 and topk leave out goes with later rounds. Default: none.'),
  down: oneOf({ ...dense, delta: bare })
    .optional()
    .describe(
      'How the trunk is written that a round starts from. delta: exactly, as what changed since the trunk that a client has, wherever that is less. Default: none.',
    ),
});

/** The codecs that a run file names. */
export function codecsOf({ up, down }: z.output<typeof codecSchema> = {}): Codecs {
  return { ...named('up', up), ...named('down', down) };
}

function named(way: keyof Codecs, choice: object | undefined): object {
  const { name, parameters } = chosenOf({ ...(choice ?? { none: {} }) });
  return name === 'none' ? {} : { [way]: { name, ...(parameters as object) } };
}
