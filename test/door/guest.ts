import { converse, readClient, type ClientOutcome } from '@trunkline/client';
import { systemClock } from '@trunkline/protocol';
import { openLink, routeTo } from '@trunkline/protocol/line';
import type { Identity } from '@trunkline/protocol/seal';
import { nothingKept } from '../hostile/nothing-kept.ts';
import { quietTrainer } from '../hostile/quiet-trainer.ts';

/** Parameters of the small run's trunk: 4 × 8 weights and 8 biases. */
const LENGTH = 40;

export interface GuestOf {
  readonly url: string;
  /** The client file: `south.yaml` of the small run, with the task dogs. */
  readonly file: string;
  readonly identity: Identity;
  readonly token?: string;
  readonly ca?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly emit?: (event: { event: string }) => void;
  /** Held up before each answer. */
  readonly delay?: (round: number) => Promise<void>;
}

/** A client of the small run whose training is played: line, keys and conversation are the real ones. */
export function comeAsGuest({
  url,
  file,
  identity,
  token,
  ca,
  environment = {},
  emit = () => undefined,
  delay,
}: GuestOf): {
  done: Promise<ClientOutcome>;
  close(): Promise<void>;
} {
  const { trainer } = quietTrainer('dogs', LENGTH);
  const config = readClient(file);
  const { client } = config;
  const route = routeTo(url, { ca, environment });
  const waits = { firstMs: 8_000, laterMs: 8_000 };
  return converse(config, {
    url,
    threads: 1,
    held: { of: () => undefined, at: () => undefined },
    trainer,
    clock: systemClock,
    link: (deps) => openLink({ url, client, identity, token, route, random: () => 0.5, ...waits }, deps),
    states: () => nothingKept(),
    emit,
    agree: () => Promise.resolve(true),
    delay,
  });
}
