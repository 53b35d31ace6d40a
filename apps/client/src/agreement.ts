import { codecOfKind, codedBytes, type Welcome } from '@trunkline/protocol';
import { mostAnswers } from '@trunkline/protocol/line';
import type { ClientConfig } from './config.ts';

/** What will leave this client, shown before anything does. */
export interface Agreement {
  readonly run: string;
  readonly url: string;
  readonly parameters: number;
  /** Answers asked for at the most: one a round, where rounds are shared. */
  readonly rounds: number;
  /** Local steps in each round; null: a round is one gradient. */
  readonly localSteps: number | null;
  /** How gradients are written; null: float32. */
  readonly codec: string | null;
  /** Bytes of gradients that leave in a round without probes. What a codec cannot carry, a value that is not finite for one, leaves as float32. */
  readonly roundBytes: number;
  /** The same of all rounds together, probes included, at the most. */
  readonly bytes: number;
  readonly evaluations: number;
  readonly probes: number;
  readonly tasks: readonly string[];
}

export function agreementOf(welcome: Welcome, config: ClientConfig, url: string): Agreement {
  const { evaluateEvery, probeEvery, exchange, trunk, local } = welcome;
  const rounds = mostAnswers(welcome);
  const tasks = config.tasks.map(({ id }) => id);
  const probes = exchange === 'sum' && probeEvery > 0 ? Math.ceil(rounds / probeEvery) : 0;
  // A row, and the same of each of two further batches where the strategy wants them.
  const rows = tasks.length * (welcome.wants?.includes('extra-batches') ? 3 : 1);
  const { up } = welcome.codec ?? {};
  const bytesOf = (kind: string) => {
    const codec = codecOfKind(kind, up);
    return codedBytes(codec?.name ?? 'f32', trunk.parameters, codec);
  };
  const extra = (rows - tasks.length) * bytesOf('extra-1');
  const roundBytes = exchange === 'sum' ? bytesOf('sum') : tasks.length * bytesOf('row') + extra;
  const evaluations = Math.ceil(welcome.rounds / evaluateEvery) + 1;
  return {
    run: welcome.run,
    url,
    parameters: trunk.parameters,
    rounds,
    localSteps: local?.steps ?? null,
    codec: up ? up.name : null,
    roundBytes,
    bytes: rounds * roundBytes + probes * tasks.length * bytesOf('probe'),
    evaluations,
    probes,
    tasks,
  };
}
