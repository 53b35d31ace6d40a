import { defineClient } from '@trunkline/client';
import type { Tensor, Tf } from '@trunkline/model/layer';

/**
 * A client as a module: batches that are computed instead of read, a layer, a loss and a metric of its own. Its task: from 32 samples of a
 * noisy wave, tell how often it swings.
 */
const SAMPLES = 32;

interface Chance {
  uniform(): number;
  normal(): number;
}

function waves(size: number, random: Chance) {
  const inputs = new Float32Array(size * SAMPLES);
  const swings = new Float32Array(size);
  for (let row = 0; row < size; row++) {
    swings[row] = 1 + 3 * random.uniform();
    const phase = 2 * Math.PI * random.uniform();
    for (let i = 0; i < SAMPLES; i++) {
      const angle = (2 * Math.PI * swings[row]! * i) / SAMPLES + phase;
      inputs[row * SAMPLES + i] = Math.sin(angle) + 0.1 * random.normal();
    }
  }
  return { size, inputs, targets: { swings: { kind: 'number' as const, shape: [], values: swings } } };
}

/** Differences of neighbours, squared: what tells fast waves from slow ones, whatever their phase. */
const steepness = {
  kind: 'steepness',
  schema: undefined as never,
  place: (inputShape: readonly number[], _: undefined, { path }: { path: string }) => ({
    path,
    kind: 'steepness',
    inputShape,
    outputShape: [inputShape[0]! - 1],
    weights: [],
    forward(x: Tensor, _: readonly Tensor[], { tf }: { tf: Tf }) {
      const [left, right] = [tf.slice(x, [0, 0], [-1, SAMPLES - 1]), tf.slice(x, [0, 1], [-1, SAMPLES - 1])];
      return tf.square(tf.sub(right, left));
    },
  }),
};

export default defineClient({
  client: 'waves',
  data: {
    loader: {
      inputShape: [SAMPLES],
      open: (split) => ({
        size: split === 'train' ? 2000 : 200,
        batch: ({ size, random }) => Promise.resolve(waves(size, random)),
      }),
    },
    adapter: [{ steepness }, { dense: { units: 16, activation: 'relu' } }],
    batchSize: 32,
  },
  tasks: [
    {
      id: 'swings',
      head: { regress: {} },
      // log cosh: a square near 0, and like an absolute value far from it.
      loss: {
        labels: 'number',
        elementLoss(tf, outputs, targets) {
          const error = tf.sub(outputs, targets);
          return tf.sub(tf.add(error, tf.softplus(tf.mul(error, -2))), Math.LN2);
        },
      },
      optimizer: { adam: { learningRate: 0.01 } },
      metrics: [
        {
          name: 'within-half',
          compute: (predictions, labels) =>
            labels.filter((label, i) => Math.abs(predictions[i]! - label) < 0.5).length / labels.length,
        },
        'rmse',
      ],
    },
  ],
});
