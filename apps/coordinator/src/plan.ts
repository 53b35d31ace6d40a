import { z } from 'zod';
import { fail, type Codecs } from '@trunkline/protocol';
import { strategies, type Strategy } from '@trunkline/model/aggregation';
import { checkConfig, nearestFirst } from '@trunkline/model/config';
import { createOptimizer, type Optimizer } from '@trunkline/model/optimizer';
import type { Trunk, TrunkStart } from '@trunkline/model/trunk';
import { codecsOf } from './codecs.ts';
import type { RunConfig } from './config.ts';
import { readStart } from './first-trunk.ts';
import { paceOf, type Pace } from './mode.ts';
import { readTrunk } from './read-trunk.ts';

/** A run's configuration, checked as a whole and made into the things that it names. */
export interface Plan {
  readonly config: RunConfig;
  readonly trunk: Trunk;
  /** The file that trunk 0 comes from; undefined: it comes from the seed. */
  readonly start: TrunkStart | undefined;
  readonly optimizer: Optimizer;
  readonly strategy: Strategy;
  readonly parameters: unknown;
  readonly exchange: 'sum' | 'rows';
  readonly weightHeads: boolean;
  readonly pace: Pace;
  /** How values cross the wire; left out: float32. */
  readonly codecs: Codecs;
}

/** @throws STRATEGY_UNKNOWN, STRATEGY_NEEDS_ROWS, WEIGHT_UNKNOWN_TASK, CONFIG_*, LAYER_*, DATA_FILE_* of `trunk.from` */
export function planRun(config: RunConfig): Plan {
  const { at } = config.source;
  const { strategy, parameters } = chooseStrategy(config);
  const fixed = strategy.needs === 'sum';
  const exchange = config.exchange ?? (fixed ? 'sum' : 'rows');
  if (!fixed && exchange === 'sum')
    throw fail('STRATEGY_NEEDS_ROWS', { at: at(['exchange']), strategy: strategy.name });
  if (config.expect) refuseStrangers(config, config.expect);
  const pace = paceOf(config.mode);
  if (pace.buffer) {
    refuseSelection(config);
    refuseLossesAfter(config, strategy);
  }
  const codecs = codecsOf(config.codec);
  if (codecs.up?.name === 'topk' && pace.local?.scaffold) refuseSparseVariate(config);
  const trunk = readTrunk(config);
  return {
    config,
    trunk,
    start: readStart(config, trunk),
    optimizer: createOptimizer(config.optimizer),
    strategy,
    parameters,
    exchange,
    weightHeads: config.weightHeads ?? fixed,
    pace,
    codecs,
  };
}

/** Answers of `buffered` start from whatever trunk was the newest: between two of a client's there is no one step to judge. */
function refuseLossesAfter({ source: { at } }: RunConfig, { name, wants }: Strategy): void {
  if (!wants.includes('losses-after')) return;
  throw fail('CONFIG_INVALID', {
    at: at(['strategy']),
    key: 'strategy',
    problem: `${name} compares losses before and after a step that all clients share, which mode buffered does not have.`,
    remedy: 'Choose another strategy, or mode sync or local.',
  });
}

/** SCAFFOLD reads a task's mean gradient off its row; of a row that is mostly left for later it reads nothing. */
function refuseSparseVariate({ source: { at } }: RunConfig): void {
  throw fail('CONFIG_INVALID', {
    at: at(['codec', 'up']),
    key: 'codec.up',
    problem: 'scaffold takes its control variates from whole rows, which topk does not send.',
    remedy: 'Choose int8, or leave `scaffold` out.',
  });
}

/** Evaluations of `buffered` fall where answers happen to be: there is no round to return to. */
function refuseSelection({ select, stopAfter, source: { at } }: RunConfig): void {
  const key = select === 'best' ? 'select' : stopAfter === undefined ? undefined : 'stopAfter';
  if (key === undefined) return;
  throw fail('CONFIG_INVALID', {
    at: at([key]),
    key,
    problem: 'it needs rounds that all clients share, which mode buffered does not have.',
    remedy: 'Remove it, or choose mode sync or local.',
  });
}

function refuseStrangers({ weights, optional, source: { at } }: RunConfig, expect: readonly string[]): void {
  const known = [...new Set([...expect, ...optional])];
  const unknown = Object.keys(weights).find((task) => !known.includes(task));
  if (unknown)
    throw fail('WEIGHT_UNKNOWN_TASK', { at: at(['weights', unknown]), task: unknown, known: known.join(', ') });
  const both = optional.findIndex((task) => expect.includes(task));
  if (both >= 0) {
    throw fail('CONFIG_INVALID', {
      at: at(['optional', both]),
      key: 'optional',
      problem: `the task ${optional[both]} stands in \`expect\` too, where tasks are waited for.`,
      remedy: 'Keep one of the two.',
    });
  }
}

function chooseStrategy({ strategy: given, source }: RunConfig): { strategy: Strategy; parameters: unknown } {
  const chosen = typeof given === 'string' ? [[given, {}] as const] : Object.entries(given);
  if (chosen.length !== 1) {
    throw fail('CONFIG_INVALID', {
      at: source.at(['strategy']),
      key: 'strategy',
      problem: `expected one strategy; found ${chosen.map(([each]) => each).join(', ') || 'none'}.`,
      remedy: 'Name one, for example `strategy: { cagrad: { c: 0.4 } }`.',
    });
  }
  const [name, parameters] = chosen[0]!;
  const strategy = Object.hasOwn(strategies, name) ? strategies[name] : undefined;
  if (!strategy) {
    const at = source.at(typeof given === 'string' ? ['strategy'] : ['strategy', name]);
    throw fail('STRATEGY_UNKNOWN', { at, strategy: name, known: nearestFirst(name, Object.keys(strategies)) });
  }
  // Under its own keys, so that an error names the whole key.
  const schema = z.strictObject({ strategy: z.strictObject({ [name]: strategy.parameters }) });
  const checked = checkConfig(schema, { strategy: { [name]: parameters ?? {} } }, source.at);
  return { strategy, parameters: checked.strategy[name] };
}
