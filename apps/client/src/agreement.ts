import type { Welcome } from '@trunkline/protocol';
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
  /** Bytes that leave in all, at the most. */
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
  const vectors = rounds * (exchange === 'sum' ? 1 : rows) + probes * tasks.length;
  const evaluations = Math.ceil(welcome.rounds / evaluateEvery) + 1;
  return {
    run: welcome.run,
    url,
    parameters: trunk.parameters,
    rounds,
    localSteps: local?.steps ?? null,
    bytes: vectors * trunk.parameters * 4,
    evaluations,
    probes,
    tasks,
  };
}
