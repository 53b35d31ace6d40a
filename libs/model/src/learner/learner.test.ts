import { beforeAll, beforeEach, afterEach, describe, expect, test } from 'vitest';
import { openBackend } from '../backend.ts';
import type { Tf } from '../layer/layer.ts';
import { createLearner, type Learner, type StepCall, type StepResult } from '../learner.ts';
import type { TaskPlan } from '../task.ts';
import {
  adam,
  arraySource,
  binaryTask,
  classTask,
  dense,
  mixedSource,
  numbers,
  sgd,
  theta0,
  trunk,
  valueTask,
} from './test-tasks.ts';

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await openBackend({ device: 'cpu', threads: 1 }));
});

const open: Learner[] = [];
let before = 0;
beforeEach(() => void (before = tf.memory().numTensors));
afterEach(() => {
  for (const learner of open.splice(0)) learner.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

async function learnerOf(tasks: TaskPlan[], weightHeads = true, client = 'client'): Promise<Learner> {
  const learner = await createLearner({ tf, trunk, tasks, seed: 1, client, weightHeads });
  open.push(learner);
  return learner;
}

const call = (change: Partial<StepCall> = {}): StepCall => ({
  round: 0,
  theta: theta0,
  lambda: {},
  exchange: 'sum',
  probe: false,
  ...change,
});

interface Answer {
  readonly kind: string;
  readonly tasks: readonly string[];
  readonly values: Float32Array;
}
async function gradientsOf({ gradients }: StepResult): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const { kind, tasks, slices } of gradients) {
    const values = new Float32Array(trunk.layout.length);
    for await (const slice of slices) values.set(slice.values, slice.offset);
    answers.push({ kind, tasks, values });
  }
  return answers;
}

/** Largest absolute difference, relative to the largest entry of `expected`. */
const distance = (found: ArrayLike<number>, expected: ArrayLike<number>): number => {
  let [difference, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(found[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return difference / largest;
};
const weighted = (rows: readonly Answer[], lambda: Readonly<Record<string, number>>): Float32Array =>
  Float32Array.from(theta0, (_, i) =>
    rows.reduce((sum, { tasks, values }) => sum + (lambda[tasks[0]!] ?? 1) * values[i]!, 0),
  );

interface Tree {
  readonly heads: Record<string, { values: Float32Array }>;
  readonly adapters: Record<string, { values: Float32Array }>;
}
const treeOf = (learner: Learner) => learner.snapshot() as Tree;
const valuesOf = (learner: Learner): [string, Float32Array][] => {
  const { heads, adapters } = treeOf(learner);
  return [...Object.entries(heads), ...Object.entries(adapters)].map(([key, { values }]) => [key, values]);
};

/** Two sources, a shared adapter, a task with its own adapter, missing labels, every kind of head. */
function everything(): TaskPlan[] {
  const [a, b] = [mixedSource(40, 7, 1), mixedSource(30, 6, 2)];
  const shared = { sourceAdapter: [dense(6)] };
  return [
    binaryTask(a, shared),
    valueTask(b, { stream: 'other', id: 'elsewhere' }),
    classTask(a, shared),
    valueTask(a, { ...shared, ownAdapter: [dense(9), dense(6)] }),
  ];
}
const lambda = { binary: 0.5, elsewhere: 3, class: 1, values: 2 };

describe('the sum', () => {
  test.each([true, false])(
    'is Σ λ_k of the rows within 1e-6, and moves heads and adapters alike (λ on heads: %s)',
    async (weightHeads) => {
      const [sum, rows] = [await learnerOf(everything(), weightHeads), await learnerOf(everything(), weightHeads)];
      for (let round = 0; round < 3; round++) {
        const [found] = await gradientsOf(await sum.step(call({ round, lambda })));
        const answers = await gradientsOf(await rows.step(call({ round, lambda, exchange: 'rows' })));
        expect(found).toMatchObject({ kind: 'sum', tasks: ['binary', 'elsewhere', 'class', 'values'] });
        expect(answers.map(({ kind, tasks }) => [kind, ...tasks])).toEqual(found!.tasks.map((task) => ['row', task]));
        expect(distance(found!.values, weighted(answers, lambda))).toBeLessThan(1e-6);
      }
      const expected = new Map(valuesOf(rows));
      for (const [key, values] of valuesOf(sum))
        if (values.length > 0) expect(distance(values, expected.get(key)!)).toBeLessThan(1e-6);
      expect(Object.keys(sum.digests())).toEqual([
        'head/binary',
        'head/elsewhere',
        'head/class',
        'head/values',
        'adapter/s',
        'adapter/s/values',
      ]);
    },
  );

  test('is the derivative of Σ λ_k L_k: finite differences along 12 coordinates', async () => {
    const tasks = everything().map((plan) => ({ ...plan, optimizer: sgd(1e-12) }));
    const learner = await learnerOf(tasks);
    const [found] = await gradientsOf(await learner.step(call({ lambda })));
    const lossAt = async (theta: Float32Array) =>
      (await learner.step(call({ theta, lambda }))).losses.reduce(
        (sum, { task, loss }) => sum + lambda[task as 'binary'] * loss,
        0,
      );
    const step = 2 ** -8;
    const places = Array.from({ length: 12 }, (_, i) => Math.floor((i / 12) * theta0.length));
    const slopes: number[] = [];
    for (const place of places) {
      const moved = (by: number) => lossAt(theta0.map((value, j) => (j === place ? value + by : value)));
      slopes.push(((await moved(step)) - (await moved(-step))) / (2 * step));
    }
    const expected = places.map((place) => found!.values[place]!);
    expect(distance(slopes, expected)).toBeLessThan(2e-3);
  });

  test('of two tasks in one client, by one pass, is that of the tasks in two clients with the same stream', async () => {
    const source = mixedSource(40, 6);
    const one = await learnerOf([binaryTask(source), classTask(source)]);
    const two = [await learnerOf([binaryTask(source)]), await learnerOf([classTask(source)])];
    for (let round = 0; round < 5; round++) {
      const [together] = await gradientsOf(await one.step(call({ round })));
      const apart = (
        await Promise.all(two.map(async (learner) => gradientsOf(await learner.step(call({ round })))))
      ).flat();
      expect(distance(together!.values, weighted(apart, {}))).toBeLessThan(1e-6);
    }
  });

  test('with λ on the trunk alone moves heads as λ = 1 does', async () => {
    const source = mixedSource(40, 6);
    const heads = async (weightHeads: boolean, factor: number) => {
      const learner = await learnerOf([binaryTask(source)], weightHeads);
      const start = treeOf(learner).heads.binary!.values;
      const [gradient] = await gradientsOf(await learner.step(call({ lambda: { binary: factor } })));
      const moved = treeOf(learner).heads.binary!.values.map((value, i) => value - start[i]!);
      return { gradient: gradient!.values, moved };
    };
    const [plain, trunkOnly, both] = [await heads(true, 1), await heads(false, 4), await heads(true, 4)];
    expect(trunkOnly.moved).toEqual(plain.moved);
    expect(
      distance(
        trunkOnly.gradient,
        plain.gradient.map((value) => 4 * value),
      ),
    ).toBeLessThan(1e-6);
    expect(
      distance(
        both.moved,
        plain.moved.map((value) => 4 * value),
      ),
    ).toBeLessThan(1e-5);
  });
});

describe('a missing label', () => {
  const inputs = Float32Array.from({ length: 96 }, (_, i) => Math.sin(i));
  const bits = [1, 0, NaN, 1, NaN, -1, 0, 1, 0, 1, NaN, 1, 0, 0, 1, 1];
  const missing = bits.flatMap((bit, row) => (bit === 0 || bit === 1 ? [] : [row]));

  test('takes its row’s input out of loss and gradient, bit for bit', async () => {
    const changed = inputs.map((value, i) => (missing.includes(Math.floor(i / 6)) ? value + 5 : value));
    const [one, other] = await Promise.all(
      [inputs, changed].map(async (x) => {
        const learner = await learnerOf([binaryTask(arraySource([6], x, { positive: numbers(bits) }))]);
        const result = await learner.step(call());
        return { losses: result.losses, gradients: await gradientsOf(result), digests: learner.digests() };
      }),
    );
    expect(one).toEqual(other);
    expect(one!.losses).toEqual([
      { task: 'binary', loss: expect.any(Number) as number, labelled: 16 - missing.length },
    ]);
  });

  test('everywhere in a batch: no row, no head step, no tick of its optimizer; the source’s adapter moves by the others', async () => {
    // 16 rows a round: round 0 holds labels of `positive` in none of its rows but for rows drawn later.
    const source = mixedSource(16, 7);
    const none = numbers(Array.from({ length: 16 }, () => NaN));
    const hollow = {
      ...source,
      read: async (...given: Parameters<typeof source.read>) => {
        const rows = await source.read(...given);
        return { ...rows, targets: { ...rows.targets, positive: none } };
      },
    };
    const plan = { sourceAdapter: [dense(6)], optimizer: adam(0.1) };
    for (const exchange of ['sum', 'rows'] as const) {
      const both = await learnerOf([binaryTask(hollow, plan), classTask(hollow, plan)]);
      const other = await learnerOf([classTask(hollow, plan)]);
      const start = treeOf(both).heads.binary;
      const result = await both.step(call({ exchange }));
      expect(result.losses[0]).toEqual({ task: 'binary', loss: NaN, labelled: 0 });
      expect((await gradientsOf(result)).map(({ tasks }) => tasks)).toEqual([['class']]);
      await other.step(call({ exchange }));
      expect(treeOf(both).heads.binary).toEqual(start);
      expect(treeOf(both).adapters).toEqual(treeOf(other).adapters);

      const alone = await learnerOf([binaryTask(hollow, plan)]);
      const untouched = treeOf(alone);
      expect((await alone.step(call({ exchange, probe: true }))).gradients).toEqual([]);
      expect(treeOf(alone)).toEqual(untouched);
    }
  });
});

describe('a loss that is not finite', () => {
  test.each(['sum', 'rows'] as const)(
    'takes its task out before differentiation, and is reported (%s)',
    async (exchange) => {
      const source = mixedSource(40, 7);
      const broken = arraySource([7], (await source.read('train', [...Array(40).keys()])).inputs, {
        positive: await source.column('train', 'positive'),
        values: numbers(Array<number>(80).fill(3e38), [2]),
      });
      const plan = { sourceAdapter: [dense(6)] };
      const [both, healthy] = [
        await learnerOf([binaryTask(broken, plan), valueTask(broken, plan)]),
        await learnerOf([binaryTask(broken, plan)]),
      ];
      const start = treeOf(both).heads.values;
      const result = await both.step(call({ exchange, probe: exchange === 'sum' }));
      const expected = await healthy.step(call({ exchange, probe: exchange === 'sum' }));
      expect(result.losses).toEqual([...expected.losses, { task: 'values', loss: Infinity, labelled: 16 }]);
      expect(await gradientsOf(result)).toEqual(await gradientsOf(expected));
      expect(treeOf(both).heads.values).toEqual(start);
      expect(treeOf(both).adapters).toEqual(treeOf(healthy).adapters);

      const alone = await learnerOf([valueTask(broken)].map((task) => ({ ...task, sourceAdapter: [dense(6)] })));
      const untouched = alone.digests();
      expect((await alone.step(call({ exchange }))).gradients).toEqual([]);
      expect(alone.digests()).toEqual(untouched);
    },
  );
});

test('probing and evaluating change no byte of what training makes; probes are the unscaled rows', async () => {
  const [plain, probed, rows] = await Promise.all(
    [everything(), everything(), everything()].map((tasks) => learnerOf(tasks)),
  );
  for (let round = 0; round < 4; round++) {
    const [expected] = await gradientsOf(await plain!.step(call({ round, lambda })));
    const [found, ...probes] = await gradientsOf(await probed!.step(call({ round, lambda, probe: true })));
    expect(found).toEqual(expected);
    expect(probes.map(({ kind, tasks }) => [kind, ...tasks])).toEqual(found!.tasks.map((task) => ['probe', task]));
    await probed!.evaluate(theta0, 'test');
    if (round > 0) continue;
    const answers = await gradientsOf(await rows!.step(call({ round, lambda, exchange: 'rows' })));
    expect(probes.map(({ values }) => values)).toEqual(answers.map(({ values }) => values));
  }
  expect(probed!.digests()).toEqual(plain!.digests());
});

test('restored at any round, in a new learner, it ends in the same bytes', async () => {
  const tasks = everything().map((plan) => ({ ...plan, optimizer: adam(0.01) }));
  const first = await learnerOf(tasks);
  const saved: unknown[] = [];
  for (let round = 0; round < 8; round++) {
    saved.push(first.snapshot());
    await first.step(call({ round, lambda }));
  }
  for (const from of [0, 3, 7]) {
    const second = await learnerOf(tasks);
    second.restore(saved[from]);
    for (let round = from; round < 8; round++) await second.step(call({ round, lambda }));
    expect(second.digests()).toEqual(first.digests());
  }
  first.restore(saved[5]);
  for (let round = 5; round < 8; round++) await first.step(call({ round, lambda }));
  expect(first.snapshot()).toEqual(
    await (async () => {
      const again = await learnerOf(tasks);
      for (let round = 0; round < 8; round++) await again.step(call({ round, lambda }));
      return again.snapshot();
    })(),
  );
});

test('a snapshot of other tasks or other sizes is refused and changes nothing', async () => {
  const source = mixedSource(20, 6);
  const learner = await learnerOf([binaryTask(source), classTask(source)]);
  const start = learner.digests();
  const others = [
    await learnerOf([binaryTask(source, { head: { binary: { hidden: [3] } } }), classTask(source)]),
    await learnerOf([classTask(source)]),
  ];
  for (const other of others) expect(() => learner.restore(other.snapshot())).toThrow('head binary');
  expect(learner.digests()).toEqual(start);
});

test('heads depend on seed and task, and on the client for replicas only', async () => {
  const source = mixedSource(20, 6);
  const digests = async (replica: boolean, client: string) =>
    (await learnerOf([binaryTask(source, { replica })], true, client)).digests();
  expect(await digests(false, 'a')).toEqual(await digests(false, 'b'));
  expect(await digests(true, 'a')).not.toEqual(await digests(true, 'b'));
});

test('learns: two blobs apart are told apart without an error, loss below 0.1', async () => {
  const inputs = Float32Array.from(
    { length: 64 * 6 },
    (_, i) => (Math.floor(i / 6) % 2 === 0 ? 1 : -1) + Math.sin(i) / 2,
  );
  const source = arraySource([6], inputs, { positive: numbers(Array.from({ length: 64 }, (_, row) => row % 2)) });
  const learner = await learnerOf([binaryTask(source)]);
  const theta = theta0.slice();
  for (let round = 0; round < 150; round++) {
    const [gradient] = await gradientsOf(await learner.step(call({ round, theta })));
    for (let i = 0; i < theta.length; i++) theta[i]! -= 0.1 * gradient!.values[i]!;
  }
  const [score] = await learner.evaluate(theta, 'test');
  expect(score!.metrics).toEqual({ accuracy: 1 });
  expect(score!.loss).toBeLessThan(0.1);
});

describe('an evaluation', () => {
  test('gives the mean loss over labelled rows, the same in one chunk or in many', async () => {
    const wide = 6;
    const [small, large] = [mixedSource(40, wide), mixedSource(600, wide)];
    const learner = await learnerOf([
      binaryTask(small, { batchSize: 40 }),
      binaryTask(large, { id: 'large', stream: 'l', batchSize: 600 }),
    ]);
    const scores = await learner.evaluate(theta0, 'validation');
    // A batch of the whole split without dropout has the same loss.
    const plainTrunk = { ...trunk, layers: trunk.layers.filter(({ kind }) => kind !== 'dropout') };
    const plain = await createLearner({
      tf,
      trunk: plainTrunk,
      seed: 1,
      client: 'client',
      weightHeads: true,
      tasks: [binaryTask(small, { batchSize: 40 }), binaryTask(large, { id: 'large', stream: 'l', batchSize: 600 })],
    });
    open.push(plain);
    const { losses } = await plain.step(call());
    for (const [i, { loss }] of losses.entries()) expect(scores[i]!.loss).toBeCloseTo(loss, 5);
  });
});

test('1,000 steps with probes and evaluations leave the number of tensors as it was', async () => {
  const source = mixedSource(24, 6);
  const learner = await learnerOf([binaryTask(source, { batchSize: 4 }), classTask(source, { batchSize: 4 })]);
  await learner.step(call());
  const tensors = tf.memory().numTensors;
  for (let round = 1; round < 1_000; round++) {
    await learner.step(
      call({ round, probe: round % 50 === 0, exchange: round % 10 === 0 ? 'rows' : 'sum', lambda: { class: 2 } }),
    );
    if (round % 100 === 0) await learner.evaluate(theta0, 'validation');
  }
  expect(tf.memory().numTensors).toBe(tensors);
});
