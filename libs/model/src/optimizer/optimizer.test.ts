import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createOptimizer, optimizerNames, optimizers, optimizerSchema, type OptimizerInput } from './index.ts';

const START = [0.4, -0.7, 0.25, 0];
/** Of update `step`: the sequence of golden.py. */
const gradientAt = (step: number) => Float32Array.from(START, (_, i) => Math.sin(0.7 * step + 1.3 * i) * (1 + i / 2));

function run(
  config: OptimizerInput,
  steps: number,
  from = { values: Float32Array.from(START), state: undefined as unknown },
) {
  const optimizer = createOptimizer(config);
  const values = from.values.slice();
  const state = from.state
    ? structuredClone(from.state as ReturnType<typeof optimizer.init>)
    : optimizer.init(values.length);
  for (let i = 0; i < steps; i++) optimizer.update(values, gradientAt(state.step), state);
  return { values, state };
}

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));

describe('against tf.train of tfjs 4.22.0, cpu backend, 100 steps', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });
  const pairs: [string, OptimizerInput, () => tf.Optimizer][] = [
    ['sgd', { sgd: { learningRate: 0.05 } }, () => tf.train.sgd(0.05)],
    ['momentum', { momentum: { learningRate: 0.01 } }, () => tf.train.momentum(0.01, 0.9)],
    [
      'momentum, nesterov',
      { momentum: { learningRate: 0.01, nesterov: true } },
      () => tf.train.momentum(0.01, 0.9, true),
    ],
    ['adam', 'adam', () => tf.train.adam()],
    [
      'adam, all parameters',
      { adam: { learningRate: 0.003, beta1: 0.8, beta2: 0.95, epsilon: 1e-3 } },
      () => tf.train.adam(0.003, 0.8, 0.95, 1e-3),
    ],
    ['adagrad', { adagrad: { learningRate: 0.02 } }, () => tf.train.adagrad(0.02)],
  ];
  it.each(pairs)('%s stays within 1e-6', (_, config, make) => {
    const optimizer = createOptimizer(config);
    const values = Float32Array.from(START);
    const state = optimizer.init(values.length);
    const theirs = make();
    const theta = tf.variable(tf.tensor1d(START));
    for (let step = 0; step < 100; step++) {
      const gradient = gradientAt(step);
      optimizer.update(values, gradient, state);
      tf.tidy(() => theirs.applyGradients({ [theta.name]: tf.tensor1d(gradient) }));
      expect(furthest(values, theta.dataSync())).toBeLessThan(1e-6);
    }
    expect(furthest(values, START)).toBeGreaterThan(1e-3);
    theta.dispose();
    theirs.dispose();
  });
});

describe('against PyTorch 2.15.0 (yogi: torch-optimizer 0.3.0), float64, printed by golden.py', () => {
  const golden: [string, OptimizerInput, Record<number, number[]>][] = [
    [
      'sgd',
      { sgd: { learningRate: 0.01, weightDecay: 0.1 } },
      {
        1: [0.3996, -0.713753373, 0.239439972, 0.017194154],
        10: [0.396054375, -0.707737517, 0.236948069, 0.017446093],
        100: [0.362051474, -0.650592428, 0.213632475, 0.020326691],
      },
    ],
    [
      'momentum',
      { momentum: { learningRate: 0.01 } },
      {
        1: [0.4, -0.714453373, 0.239689972, 0.017194154],
        10: [0.326470689, -0.766732896, 0.349456033, 0.177732426],
        100: [0.281998066, -0.803080142, 0.412473696, 0.280454047],
      },
    ],
    [
      'momentum, nesterov, decay',
      { momentum: { learningRate: 0.01, nesterov: true, weightDecay: 0.1 } },
      {
        1: [0.39924, -0.726131409, 0.229935948, 0.032668893],
        10: [0.317245739, -0.739146433, 0.315287083, 0.171146783],
        100: [0.120968303, -0.292689344, 0.120178425, 0.076684815],
      },
    ],
    [
      'adam',
      { adam: { learningRate: 0.01 } },
      {
        1: [0.4, -0.709999999, 0.240000001, 0.009999999],
        10: [0.362875316, -0.731323789, 0.259788644, 0.041754848],
        100: [0.354120029, -0.73656373, 0.265543022, 0.050006267],
      },
    ],
    [
      'adamw',
      { adamw: { learningRate: 0.01 } },
      {
        1: [0.39996, -0.70993, 0.239975, 0.01],
        10: [0.362499853, -0.730597727, 0.25953766, 0.041722698],
        100: [0.35059149, -0.729227637, 0.262907609, 0.049505433],
      },
    ],
    [
      'adagrad',
      { adagrad: { learningRate: 0.01 } },
      {
        1: [0.4, -0.709768915, 0.240439597, 0.009835048],
        10: [0.389725322, -0.710660722, 0.250002652, 0.013883723],
        100: [0.385441649, -0.710850052, 0.254238896, 0.016144787],
      },
    ],
    [
      'yogi',
      'yogi',
      {
        1: [0.4, -0.709990697, 0.240014381, 0.009992499],
        10: [0.362967109, -0.731286313, 0.25977639, 0.041714796],
        100: [0.354209957, -0.736549642, 0.265531807, 0.049988814],
      },
    ],
  ];
  it.each(golden)('%s stays within 1e-6', (_, config, expected) => {
    for (const [steps, values] of Object.entries(expected)) {
      expect(furthest(run(config, Number(steps)).values, values)).toBeLessThan(1e-6);
    }
  });
});

describe('the federated optimisers', () => {
  // Flower's formulas, run independently in numpy: x₀ = (1, 2), Δ as below; our gradient is −Δ.
  const deltas = [
    [0.5, -0.2],
    [0.1, 0.3],
    [-0.2, 0.1],
  ];
  const golden: [string, OptimizerInput, number[][]][] = [
    [
      'fed-adam',
      { 'fed-adam': { convention: 'flower' } },
      [
        [1.074245977, 1.925754025],
        [1.143173125, 1.946952029],
        [1.174527933, 1.979235772],
      ],
    ],
    [
      'fed-yogi',
      { 'fed-yogi': { convention: 'flower' } },
      [
        [1.009803922, 1.99047619],
        [1.020382839, 1.993714575],
        [1.025672208, 1.999128905],
      ],
    ],
    [
      'fed-adagrad',
      { 'fed-adagrad': { convention: 'flower' } },
      [
        [1.1, 1.9],
        [1.119611613, 1.98320503],
        [1.083096776, 2.009931154],
      ],
    ],
    [
      'momentum, as FedAvgM',
      { momentum: { learningRate: 1 } },
      [
        [1.5, 1.8],
        [2.05, 1.92],
        [2.345, 2.128],
      ],
    ],
  ];
  it.each(golden)('%s gives the values of Flower', (_, config, expected) => {
    const optimizer = createOptimizer(config);
    const values = Float32Array.of(1, 2);
    const state = optimizer.init(2);
    deltas.forEach((delta, round) => {
      optimizer.update(
        values,
        Float32Array.from(delta, (value) => -value),
        state,
      );
      expect(furthest(values, expected[round]!)).toBeLessThan(1e-6);
    });
  });

  // By hand from Reddi et al., Algorithm 2, with v₋₁ = τ² and one Δ = 0.5: m = (1−β₁)Δ, θ = η m / (√v + τ).
  it.each([
    ['fed-adam', (0.1 * 0.05) / (Math.sqrt(0.99e-6 + 0.01 * 0.25) + 1e-3)],
    ['fed-yogi', (0.01 * 0.05) / (Math.sqrt(1e-6 + 0.01 * 0.25) + 1e-3)],
    ['fed-adagrad', (0.1 * 0.5) / (Math.sqrt(1e-6 + 0.25) + 1e-3)],
  ] as const)('%s follows the paper by default', (name, expected) => {
    const optimizer = createOptimizer(name);
    const values = Float32Array.of(0);
    optimizer.update(values, Float32Array.of(-0.5), optimizer.init(1));
    expect(values[0]).toBeCloseTo(expected, 7);
  });
});

describe('every optimiser', () => {
  it.each(optimizerNames)('%s: restored after update r, the same bytes after update R', (name) => {
    const config = { [name]: { schedule: { cosine: { rounds: 40, warmup: 5 } }, clipNorm: 1.5 } } as OptimizerInput;
    const whole = run(config, 40);
    const half = run(config, 17);
    expect(run(config, 23, half)).toEqual(whole);
    expect(furthest(whole.values, half.values)).toBeGreaterThan(0);
  });

  it.each(optimizerNames)('%s leaves a weight whose gradient was always zero, unless it decays weights', (name) => {
    const optimizer = createOptimizer(name === 'adamw' ? { adamw: { weightDecay: 0 } } : (name as OptimizerInput));
    const values = Float32Array.of(3, 3);
    const state = optimizer.init(2);
    for (let i = 0; i < 5; i++) optimizer.update(values, Float32Array.of(0, 1), state);
    expect(values[0]).toBe(3);
    expect(values[1]).toBeLessThan(3);
  });

  it.each(optimizerNames)('%s does not change the gradient, and counts its updates', (name) => {
    const optimizer = createOptimizer({ [name]: { clipNorm: 0.1 } });
    const gradient = Float32Array.of(1, -2);
    const state = optimizer.init(2);
    optimizer.update(new Float32Array(2), gradient, state);
    expect([...gradient]).toEqual([1, -2]);
    expect(state.step).toBe(1);
  });

  it('refuses a gradient of another length and a state of another optimiser', () => {
    const adam = createOptimizer('adam');
    const values = new Float32Array(3);
    expect(() => adam.update(values, new Float32Array(2), adam.init(3))).toThrow('the gradient has length 2');
    expect(() => adam.update(values, values.slice(), createOptimizer('sgd').init(3))).toThrow('`m` has length none');
    expect([...values]).toEqual([0, 0, 0]);
  });

  it('declares who published it', () => {
    for (const kind of Object.values(optimizers)) {
      expect(kind.source).toMatch(/\d{4}/);
      expect(kind.summary).not.toBe('');
    }
    expect(optimizerNames).toEqual('sgd momentum adam adamw yogi adagrad fed-adam fed-yogi fed-adagrad'.split(' '));
  });
});

describe('optimizerSchema', () => {
  it('fills in what is left out, for a bare name too', () => {
    const filled = { adam: { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } };
    expect(optimizerSchema.parse('adam')).toEqual(filled);
    expect(optimizerSchema.parse({ adam: {} })).toEqual(filled);
    expect(optimizerSchema.parse(optimizerSchema.parse({ adamw: {} }))).toEqual(optimizerSchema.parse('adamw'));
  });

  it.each([
    ['an unknown name', 'adammm'],
    ['two names', { adam: {}, sgd: {} }],
    ['no name', {}],
    ['an unknown parameter', { adam: { lr: 1 } }],
    ['a rate of zero', { sgd: { learningRate: 0 } }],
    ['a negative clipNorm', { sgd: { clipNorm: -1 } }],
    ['a warm-up as long as the schedule', { sgd: { schedule: { cosine: { rounds: 5, warmup: 5 } } } }],
  ])('refuses %s', (_, value) => {
    expect(optimizerSchema.safeParse(value).success).toBe(false);
  });
});
