import { pathToFileURL } from 'node:url';
import { openBackend, type Backend, type BackendOptions } from './backend.ts';

/** What a backend gives after one step of gradient descent on a fixed small problem. */
export interface Probe {
  readonly library: string;
  readonly device: 'gpu' | 'cpu';
  readonly threads: number;
  /** Losses before and after the step; the second is smaller. */
  readonly losses: readonly [number, number];
}

/** Trains one step, convolution and dense layer, and raises an Error unless the loss fell. All tensors are disposed. */
export function trainOneStep({ tf, library, device, threads }: Backend): Probe {
  let losses: [number, number] = [0, 0];
  tf.tidy(() => {
    const wave = (shape: number[]) =>
      tf.tensor(
        Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i + 1) / 4),
        shape,
      );
    const x = wave([8, 6, 6, 2]) as ReturnType<typeof tf.tensor4d>;
    const target = wave([8, 3]);
    const kernel = tf.variable(wave([3, 3, 2, 4]));
    const dense = tf.variable(wave([64, 3]));
    const loss = () => {
      const hidden = tf.relu(tf.conv2d(x, kernel as ReturnType<typeof tf.tensor4d>, 1, 'valid')).reshape([8, 64]);
      return tf.losses.meanSquaredError(target, tf.matMul(hidden, dense)) as ReturnType<typeof tf.scalar>;
    };
    const { value, grads } = tf.variableGrads(loss, [kernel, dense]);
    for (const variable of [kernel, dense]) variable.assign(tf.sub(variable, tf.mul(grads[variable.name]!, 0.1)));
    losses = [value.dataSync()[0]!, loss().dataSync()[0]!];
    tf.dispose([kernel, dense]);
  });
  const [before, after] = losses;
  if (!(after < before)) throw new Error(`one training step took the loss from ${before} to ${after}`);
  return { library, device, threads, losses };
}

// Run as a program by set-up and doctor, in a process of its own: `probe.ts [device]` prints one JSON line.
if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const device = (process.argv[2] ?? 'auto') as BackendOptions['device'];
  process.stdout.write(`${JSON.stringify(trainOneStep(await openBackend({ device, only: 'native' })))}\n`);
}
