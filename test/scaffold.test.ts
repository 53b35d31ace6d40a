import { describe, expect, it } from 'vitest';
import { createTrunkStep, fillRun, planRun, type Answers } from '@trunkline/coordinator';
import { parseYaml } from '@trunkline/model/config';
import { driftOf, nextControl, startWalk } from '@trunkline/model/learner';

/**
 * Two tasks with quadratic losses L_k(θ) = ½ Σ a_k (θ − b_k)² of different curvature: the joint optimum of Σ λ_k L_k is
 * Σ λ a b / Σ λ a, known exactly, and local steps without correction settle elsewhere. What runs here is what a run executes: the walk of
 * a client and the trunk step of the coordinator, between them only the sum of the rows.
 */
const LENGTH = 9; // of the trunk below: a dense layer 2 → 3
const STEPS = 10;
const RATE = 0.05;
const curvature = [
  [2, 0.3, 1],
  [0.4, 1.5, 1],
];
const centre = [
  [1, -2, 0.5],
  [-1, 3, 0.25],
];
const at = (table: number[][], task: number, i: number) => table[task]![i % 3]! * (1 + 0.1 * i);
const optimum = (lambda: readonly number[]) =>
  Array.from({ length: LENGTH }, (_, i) => {
    const weighted = [0, 1].map((task) => lambda[task]! * at(curvature, task, i));
    return (weighted[0]! * at(centre, 0, i) + weighted[1]! * at(centre, 1, i)) / (weighted[0]! + weighted[1]!);
  });

function train(
  options: { scaffold: boolean; exchange?: 'sum' | 'rows'; lambda?: readonly number[]; proximal?: number },
  rounds = 400,
): number {
  const { scaffold, exchange = 'sum', lambda = [1, 1], proximal = 0 } = options;
  const text = `
trunk: { input: [2], layers: [{ dense: { units: 3 } }] }
optimizer: { sgd: { learningRate: ${1 / (lambda[0]! + lambda[1]!)} } }
rounds: ${rounds}
exchange: ${exchange}
expect: [a, b]
mode: { local: { steps: ${STEPS}, optimizer: { sgd: { learningRate: ${RATE} } }, scaffold: ${scaffold} } }
`;
  const plan = planRun(fillRun(parseYaml(text, 'run.yaml')));
  expect(plan.trunk.layout.length).toBe(LENGTH);
  const keeper = createTrunkStep(plan);
  const own: (Float32Array | undefined)[] = [undefined, undefined];
  const rules = { optimizer: plan.pace.local!.optimizer, proximal };
  for (let round = 0; round < rounds; round++) {
    const rows = [0, 1].map((task) => {
      const { control } = keeper;
      const drift = scaffold ? driftOf(control, own[task], LENGTH) : undefined;
      const walk = startWalk(keeper.theta, rules, drift);
      for (let step = 0; step < STEPS; step++) {
        const gradient = walk.theta.map((value, i) => at(curvature, task, i) * (value - at(centre, task, i)));
        walk.move(gradient, round * STEPS + step);
      }
      if (scaffold) own[task] = nextControl({ control, own: own[task] }, walk.row(), STEPS * RATE);
      return walk.row();
    });
    keeper.advance(answersOf(exchange, rows, lambda));
  }
  const best = optimum(lambda);
  return Math.max(...best.map((value, i) => Math.abs(keeper.theta[i]! - value)));
}

function answersOf(exchange: 'sum' | 'rows', rows: readonly Float32Array[], lambda: readonly number[]): Answers {
  const all = lambda[0]! + lambda[1]!;
  if (exchange === 'rows') {
    const named = rows.map((values, task) => ({ id: 'ab'[task]!, lambda: lambda[task]!, loss: 1, values }));
    return { exchange, rows: named, all };
  }
  const sum = Float64Array.from(rows[0]!, (value, i) => lambda[0]! * value + lambda[1]! * rows[1]![i]!);
  return { exchange, sum, tasks: 2, share: all, all };
}

describe('on a quadratic toy', () => {
  it('plain local steps settle away from the joint optimum', () => {
    expect(train({ scaffold: false })).toBeGreaterThan(0.1);
  });

  it('SCAFFOLD reaches the joint optimum', () => {
    expect(train({ scaffold: true })).toBeLessThan(1e-5);
  });

  it('SCAFFOLD reaches the joint optimum of Σ λ L, from rows as from sums', () => {
    expect(train({ scaffold: false, lambda: [3, 0.5] })).toBeGreaterThan(0.1);
    expect(train({ scaffold: true, lambda: [3, 0.5] })).toBeLessThan(1e-5);
    expect(train({ scaffold: true, lambda: [3, 0.5], exchange: 'rows' })).toBeLessThan(1e-5);
  });

  it('FedProx ends nearer to the joint optimum than plain local steps, and not on it', () => {
    const near = train({ scaffold: false, proximal: 1 });
    expect(near).toBeLessThan(train({ scaffold: false }));
    expect(near).toBeGreaterThan(0.01);
  });
});
