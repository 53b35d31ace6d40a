import { describe, expect, it } from 'vitest';
import type { TrunklineError } from '@trunkline/protocol';
import { parseYaml } from '@trunkline/model/config';
import { fillRun } from './config.ts';
import { planRun } from './plan.ts';

const run = (more: string) => `
trunk: { input: [4], layers: [{ dense: { units: 2 } }] }
rounds: 10
expect: [a, b]
${more}
`;
const plan = (more: string) => planRun(fillRun(parseYaml(run(more), 'run.yaml')));
const errorOf = (more: string): TrunklineError | undefined => {
  try {
    plan(more);
    return undefined;
  } catch (error) {
    return error as TrunklineError;
  }
};

describe('the key `mode`', () => {
  it.each([
    ['mode: { local: { steps: 0 } }', 'CONFIG_INVALID', 'mode.local.steps'],
    ['mode: { local: {} }', 'CONFIG_INVALID', 'mode.local.steps'],
    ['mode: { local: { steps: 2, proximal: -1 } }', 'CONFIG_INVALID', 'mode.local.proximal'],
    ['mode: { local: { steps: 2, step: 3 } }', 'CONFIG_UNKNOWN_KEY', 'step'],
    ['mode: { asynchronous: { size: 2 } }', 'CONFIG_UNKNOWN_KEY', 'asynchronous'],
    ['mode: asynchronous', 'CONFIG_INVALID', 'sync, local, buffered'],
    ['mode: { sync: {}, local: { steps: 2 } }', 'CONFIG_INVALID', 'sync, local, buffered'],
    ['mode: { buffered: { size: 0 } }', 'CONFIG_INVALID', 'mode.buffered.size'],
    ['mode: { buffered: { size: 2, staleness: old } }', 'CONFIG_INVALID', 'fedbuff'],
    ['mode: { buffered: { size: 2, local: { steps: 2, scaffold: true } } }', 'CONFIG_UNKNOWN_KEY', 'scaffold'],
    ['mode: { local: { steps: 2, scaffold: true, optimizer: adam } }', 'CONFIG_INVALID', 'sgd'],
    ['mode: { local: { steps: 2, optimizer: adamw } }', 'CONFIG_INVALID', 'weight decay'],
    ['weights: { a: -1 }', 'CONFIG_INVALID', 'weights.a'],
    ['weights: { c: 1 }', 'WEIGHT_UNKNOWN_TASK', 'c'],
    ['strategy: famo\nmode: { buffered: { size: 2 } }', 'CONFIG_INVALID', 'losses before and after'],
    ['strategy: pcgrad\nexchange: sum', 'STRATEGY_NEEDS_ROWS', 'pcgrad'],
    ['strategy: pcgrad\nexchange: sum\nmode: { local: { steps: 2 } }', 'STRATEGY_NEEDS_ROWS', 'pcgrad'],
    ['strategy: { cagrad: { c: no } }', 'CONFIG_INVALID', 'strategy.cagrad.c: expected a number'],
    ['strategy: pcgrade', 'STRATEGY_UNKNOWN', 'pcgrad'],
    ['optional: [b]', 'CONFIG_INVALID', 'the task b stands in `expect` too'],
  ])('refuses %j before anything starts, and says which value', (text, code, named) => {
    const error = errorOf(text)!;
    expect(error.code).toBe(code);
    expect(error.exit).toBe(2);
    expect(`${error.message} ${error.hint}`).toContain(named);
    expect(error.message).toMatch(/^run\.yaml:\d+:\d+: /);
  });

  it('fills in what it leaves out', () => {
    expect(plan('').pace).toMatchObject({
      local: null,
      buffer: null,
      patience: { onMissing: 'wait', mayLeave: false },
    });
    expect(plan('mode: { local: { steps: 5 } }').pace.local).toMatchObject({
      steps: 5,
      optimizer: { sgd: { learningRate: 0.01 } },
      proximal: 0,
      scaffold: false,
      weighBySamples: false,
    });
    expect(plan('mode: { buffered: { size: 3 } }').pace.buffer).toEqual({
      size: 3,
      staleness: { fedbuff: {} },
      maxAge: 20,
    });
  });

  it('lets weights name optional tasks', () => {
    expect(errorOf('optional: [c]\nweights: { c: 2 }')).toBeUndefined();
  });
});
