import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import type { Tensor4D } from '@tensorflow/tfjs';
import { openBackend, type Backend, type BackendName, type BackendOptions } from './backend.ts';

/** What a backend gives after one step of gradient descent on a fixed small problem. */
export interface Probe {
  readonly name: BackendName;
  readonly library: string;
  readonly device: 'gpu' | 'cpu';
  readonly threads: number;
  /** Losses before and after the step; the second is smaller. */
  readonly losses: readonly [number, number];
  /** SHA-256 of the weights after the step. */
  readonly sha256: string;
}

/**
 * Trains one step of a small network, with a convolution unless the backend is wasm, and raises an Error when the loss did
 * not fall. The same numbers go in every time; all tensors are disposed.
 */
export function trainOneStep({ tf, name, library, device, threads }: Backend): Probe {
  let losses: [number, number] = [0, 0];
  const digest = createHash('sha256');
  tf.tidy(() => {
    const wave = (shape: number[]) => {
      const size = shape.reduce((a, b) => a * b);
      return tf.tensor(
        Float32Array.from({ length: size }, (_, i) => Math.sin(i + 1) / 4),
        shape,
      );
    };
    const x = wave([8, 6, 6, 2]) as Tensor4D;
    const target = wave([8, 3]);
    const kernel = tf.variable(wave([3, 3, 2, 4]));
    const dense = tf.variable(wave(name === 'wasm' ? [72, 3] : [64, 3]));
    const trained = name === 'wasm' ? [dense] : [kernel, dense];
    const loss = () => {
      const hidden = name === 'wasm' ? x : tf.relu(tf.conv2d(x, kernel as unknown as Tensor4D, 1, 'valid'));
      const output = tf.matMul(hidden.reshape([8, -1]), dense);
      return tf.mean(tf.squaredDifference(target, output)).asScalar();
    };
    const { value, grads } = tf.variableGrads(loss, trained);
    for (const variable of trained) variable.assign(tf.sub(variable, tf.mul(grads[variable.name]!, 0.1)));
    losses = [value.dataSync()[0]!, loss().dataSync()[0]!];
    for (const variable of trained) digest.update(variable.dataSync() as Float32Array);
    tf.dispose([kernel, dense]);
  });
  const [before, after] = losses;
  if (!(after < before)) throw new Error(`one training step took the loss from ${before} to ${after}`);
  return { name, library, device, threads, losses, sha256: digest.digest('hex') };
}

// Run as a program by set-up and doctor, in a process of its own: `probe.ts [device] [backend]` prints one JSON line.
if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const device = (process.argv[2] ?? 'auto') as BackendOptions['device'];
  const only = (process.argv[3] ?? 'native') as BackendName;
  process.stdout.write(`${JSON.stringify(trainOneStep(await openBackend({ device, only })))}\n`);
}
