import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { systemClock } from '@trunkline/protocol';
import { openLink, routeTo } from '@trunkline/protocol/line';
import { requireGpu } from '@trunkline/model/backend';
import { fileDisk } from '@trunkline/model/disk';
import type { Disk } from '@trunkline/model/store';
import type { Agreement } from './agreement.ts';
import type { ClientEvent } from './client-event.ts';
import type { ClientConfig } from './config.ts';
import { converse, type Client } from './conversation.ts';
import { openClientKey } from './keys.ts';
import { openRunStates } from './run-states.ts';
import { heldStates, runStateFolder } from './state-folder.ts';
import { openTrainer } from './trainer.ts';

export interface ClientDeps {
  readonly url: string;
  readonly token?: string | undefined;
  /** A file of certificates to trust in place of the system's. */
  readonly ca?: string | undefined;
  /** Where `HTTPS_PROXY` and its like are looked for; left out: nowhere. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly threads?: number | undefined;
  /** Where heads, adapters and optimizers are kept. */
  readonly state: string;
  readonly disk?: Disk;
  readonly emit: (event: ClientEvent) => void;
  /** Asked once, before the first byte of training leaves. */
  readonly agree: (agreement: Agreement) => Promise<boolean>;
  /** How long the first connection is tried, and how long later ones. */
  readonly firstMs?: number;
  readonly laterMs?: number;
  /** For tests: held up before each answer. */
  readonly delay?: (round: number) => Promise<void>;
}

/**
 * Starts a client: opens its data, connects, joins, and answers rounds until the run ends.
 * @throws before anything is connected: GPU_ABSENT, SNAPSHOT_BROKEN, DATA_*, TARGET_UNKNOWN, METRIC_UNKNOWN, BATCH_SIZE_DIFFERS, KEY_BROKEN, CERTIFICATE_BROKEN
 */
export async function startClient(config: ClientConfig, deps: ClientDeps): Promise<Client> {
  requireGpu({ device: config.device, at: config.source.at(['device']) });
  const { disk = fileDisk() } = deps;
  const said = (file: string, problem: string) => deps.emit({ event: 'set-aside', file, problem });
  const held = heldStates(disk, deps.state, config.client, said);
  const identity = openClientKey(deps.state, config.client, randomBytes);
  const route = routeTo(deps.url, { ca: deps.ca, environment: deps.environment ?? {} });
  const threads = deps.threads ?? availableParallelism();
  const trainer = openTrainer({ device: config.device, threads });
  try {
    const { file, overrides } = config.source;
    const loaded = await trainer.ask('load', { file, overrides });
    deps.emit({ event: 'loaded', client: config.client, ...loaded });
  } catch (error) {
    await trainer.close();
    throw error;
  }
  const { url, token, firstMs = 60_000, laterMs = 3_600_000 } = deps;
  return converse(config, {
    url,
    threads,
    held,
    trainer,
    clock: systemClock,
    link: (handlers) => {
      const { client } = config;
      const restarted = held.at(url) !== undefined;
      const options = { url, token, client, identity, route, random: Math.random, firstMs, laterMs, restarted };
      return openLink(options, handlers);
    },
    states: (label) =>
      openRunStates(disk, runStateFolder(deps.state, label.run, label.client), {
        label,
        before: held.of(label.run)?.label,
        said,
      }),
    emit: deps.emit,
    agree: deps.agree,
    delay: deps.delay,
  });
}
