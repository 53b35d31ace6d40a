import { describe, expect, it } from 'vitest';
import {
  better,
  crashFigures,
  extrapolated,
  fewerSeconds,
  flowerRunOf,
  medianOf,
  referenceAccuracy,
  resultLine,
} from './peer-figures.ts';

const spread = (median: number, n = 3) => ({ min: median / 2, median, max: 2 * median, n });
/** As the scripts print it, shortened: `flower_mtl.py` and `flower_transport.py`. */
const flower = {
  peer: 'flower_mtl',
  failed: { step_tuned_seed0: 'RuntimeError: superlink did not start' },
  step_stock: {
    ...{ s_per_round: spread(9.28, 9), first_round_s: spread(9.2, 1) },
    ...{ accuracy: { blood: spread(0.85) }, own_accuracy: { blood: spread(0.86) } },
  },
  K3_1MB_tuned: { s_per_round: spread(4.87, 5), first_round_s: 5.71, loopback_MB_per_round: spread(16) },
};

describe('the figures of another project’s script', () => {
  it('are those of the last line that is a JSON object', () => {
    expect(resultLine('{"peer": "first"}\nwarning: {half\n{"peer": "last"}\nbye\n')).toEqual({ peer: 'last' });
    expect(resultLine('{broken\nTraceback\n')).toBeUndefined();
    expect(resultLine('')).toBeUndefined();
  });

  it('are read from both kinds of Flower run', () => {
    expect(flowerRunOf(flower, 'step', 'stock')).toEqual({
      ...{ setting: 'stock', seconds: 9.28, first: 9.2, rounds: 9 },
      ...{ accuracy: { blood: 0.85 }, own: { blood: 0.86 } },
    });
    expect(flowerRunOf(flower, 'K3_1MB', 'tuned')).toMatchObject({ seconds: 4.87, first: 5.71, accuracy: {} });
  });

  it('are missed with the reason that the script gives', () => {
    expect(() => flowerRunOf(flower, 'step', 'tuned')).toThrow('superlink did not start');
    const log = {
      failed: { step_tuned: `RuntimeError: no result in 280 s\n${'\u001b[92mINFO \u001b[0m: x\n'.repeat(99)}end` },
    };
    expect(() => flowerRunOf(log, 'step', 'tuned')).toThrow(/: no result in 280 s INFO : x .* … .*end"}$/);
    expect(() => medianOf({ peer: 'torch_step' }, 'mlp_threads1_ms')).toThrow('no mlp_threads1_ms');
    expect(medianOf({ mlp_threads1_ms: { ...spread(1.5), last_loss: 2.1 } }, 'mlp_threads1_ms')).toBe(1.5);
  });

  it('count in the setting with fewer seconds a round', () => {
    const run = (setting: 'stock' | 'tuned', seconds: number) => ({
      ...{ setting, seconds, first: 1, rounds: 3, accuracy: {}, own: {} },
    });
    expect(better([run('stock', 6.1), run('tuned', 4.9)]).setting).toBe('tuned');
    expect(better([run('stock', 9.6), run('tuned', 10.9)]).setting).toBe('stock');
    expect(() => better([])).toThrow('neither');
  });

  it('tell accuracies of either way to average, and of either net', () => {
    const result = {
      epoch_own_accuracy: { blood: { ...spread(0.896), seed0: 0.89 } },
      step_accuracy: { blood: spread(0.9) },
    };
    expect(referenceAccuracy(result, 'epoch', 'own')).toEqual({ blood: 0.896 });
    expect(referenceAccuracy(result, 'step', 'averaged')).toEqual({ blood: 0.9 });
  });
});

describe('a run of many rounds', () => {
  it('is extrapolated from its first round and the usual one', () => {
    expect(extrapolated({ first: 12, seconds: 9 }, 1)).toBe(12);
    expect(extrapolated({ first: 12, seconds: 9 }, 1_480)).toBe(12 + 1_479 * 9);
  });

  it('takes so many times fewer seconds, or falls short', () => {
    const claim = { id: 'F1', what: 'a round', baseline: 9.2, times: 200 };
    expect(fewerSeconds({ ...claim, ours: 0.04 })).toMatchObject({ holds: true, goal: 0.005, ratio: 0.04 / 9.2 });
    expect(fewerSeconds({ ...claim, ours: 0.05 }).holds).toBe(false);
  });
});

describe('a killed client of Flower', () => {
  const round = (s: number, calls: Record<string, number>, errors: string[] = []) => ({ nodes: 3, s, calls, errors });
  const rounds = [
    round(9.2, { '0': 1, '1': 1, '2': 1 }),
    round(66.2, { '1': 2, '2': 2 }, ['code 8: ClientApp stopped responding.']),
    round(9.1, { '0': 2, '1': 3, '2': 3 }),
    round(57.1, { '0': 3, '1': 4 }, ['code 5: Node Unavailable']),
    round(9.0, { '0': 4, '1': 5 }),
  ];
  const notes = [
    'clientapp of client 0 killed in round 2',
    'supernode 2 killed in round 4',
    'supernode 2 restarted after round 4',
  ];

  it('holds its round up by what it takes longer than usual', () => {
    const lost = { peer: 'flower_crash', notes, rounds: [...rounds, round(9.1, { '0': 5, '1': 6, '2': 1 })] };
    const { usual, stalls, kept } = crashFigures(lost);
    expect(usual).toBe(9.1);
    expect(stalls.map((s) => Number(s.toFixed(1)))).toEqual([57.1, 48]);
    expect(kept).toBe(false);
  });

  it('has kept its state when it goes on counting', () => {
    expect(crashFigures({ notes, rounds: [...rounds, round(9, { '0': 5, '1': 6, '2': 4 })] }).kept).toBe(true);
  });

  it('gives no figure when the script did not come so far', () => {
    expect(() => crashFigures({ peer: 'flower_crash', failed: 'RuntimeError: no result', notes: [] })).toThrow(
      'no result',
    );
    expect(() => crashFigures({ notes, rounds: rounds.slice(0, 3) })).toThrow('killed rounds');
  });
});
