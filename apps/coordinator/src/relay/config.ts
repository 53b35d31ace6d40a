import { z } from 'zod';
import { idField } from '@trunkline/protocol';
import { checkConfig, readYaml, type ConfigFile } from '@trunkline/model/config';
import { idFromFile } from '../config.ts';
import { listenSchema } from '../listen-schema.ts';

/** Every key of a relay file, with its default. The generated page docs/reference/relay-file.md is made from this. */
export const relaySchema = z.strictObject({
  relay: idField
    .optional()
    .describe(
      'The client that the coordinator sees, and the name of the relay’s folder. Default: the file’s name, for relay.yaml its folder’s.',
    ),
  expect: z
    .array(idField)
    .min(1)
    .describe('Tasks that its clients bring: it joins once all are there. A task of two of its clients stands twice.'),
  giveUpAfterMs: z
    .number()
    .int()
    .positive()
    .default(3_600_000)
    .describe('How long it waits for its clients before it joins.'),
  listen: listenSchema,
});

export interface RelayConfig extends z.output<typeof relaySchema> {
  readonly relay: string;
  readonly source: ConfigFile;
}

/** @param overrides texts `a.b=value` from `--set` @throws CONFIG_* */
export function readRelay(file: string, overrides: readonly string[] = []): RelayConfig {
  const source = readYaml(file, overrides);
  const config = checkConfig(relaySchema, source.value, source.at);
  return { ...config, relay: config.relay ?? idFromFile(source, 'relay'), source };
}
