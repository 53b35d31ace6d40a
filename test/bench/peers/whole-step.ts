import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChild } from '../../simulate/child.ts';
import { measured, type Measured } from '../benchmark.ts';
import { peerBenchmark } from './peer-benchmark.ts';
import { medianOf } from './peer-figures.ts';
import { runPeer } from './run-peer.ts';

const [WARM_UP, STEPS] = [20, 50];
const LIMIT_S = 600;
const CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

const convolution = (filters: number) => [
  { conv2d: { filters, kernelSize: 3, padding: 'same', activation: 'relu' } },
  { maxPooling2d: { poolSize: 2 } },
];
const dense = { dense: { units: 128, activation: 'relu' } };
/** The others' two models without their last layer, which is the head. */
const MODELS = {
  mlp: { id: 'P1', trunk: { input: [3072], layers: [dense] } },
  cnn: {
    id: 'P2',
    trunk: { input: [32, 32, 3], layers: [...convolution(32), ...convolution(64), { flatten: {} }, dense] },
  },
} as const;

/** Our training step with everything that it has beside the network: the batch drawn, the gradient read back, the coordinator's sum and Adam. */
export const wholeStepBenchmark = peerBenchmark({
  name: 'whole-step',
  ids: ['P1', 'P2'],
  summary:
    'A whole training step of an MLP and a CNN on CIFAR-10 on the CPU, against PyTorch, and TensorFlow beside it.',
  async measure(peers, say) {
    const ours = new Map<string, number>();
    for (const model of ['mlp', 'cnn'] as const)
      for (const threads of [1, 2]) ours.set(`${model} ${threads}`, await ourStep(model, threads, peers.data));
    const torch = await runPeer(peers, 'torch_step.py', [], LIMIT_S);
    const tensorflow = await runPeer(peers, 'tf_step.py', [], LIMIT_S).catch((error: Error) => {
      say(`TensorFlow: not measured: ${error.message}`);
      return undefined;
    });
    const rows: Measured[] = [];
    for (const model of ['mlp', 'cnn'] as const)
      for (const threads of [2, 1]) {
        const both = { ours: ours.get(`${model} ${threads}`)!, unit: 'ms', goal: 2, better: 'lower' } as const;
        const { id } = MODELS[model];
        const what = `${model.toUpperCase()}, one training step, batch 32, ${threads} thread${threads > 1 ? 's' : ''}`;
        const suffix = threads > 1 ? '' : '-1-thread';
        rows.push(
          measured({
            ...both,
            id: `${id}${suffix}`,
            what: `${what}: against PyTorch`,
            baseline: medianOf(torch, `${model}_threads${threads}_ms`),
          }),
        );
        if (!tensorflow) continue;
        rows.push(
          measured({
            ...both,
            id: `${id}-tensorflow${suffix}`,
            what: `${what}: against Python TensorFlow’s compiled function`,
            baseline: medianOf(tensorflow, `${model}_function_threads${threads}_ms`),
          }),
        );
      }
    return rows;
  },
});

/** Median milliseconds of a step in a process of its own. */
async function ourStep(model: keyof typeof MODELS, threads: number, data: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
  try {
    const file = join(folder, 'run.yaml');
    const rounds = WARM_UP + STEPS;
    const adam = { adam: { learningRate: 0.001 } };
    const files = { train: [join(data, 'cifar10', 'data_batch_1.bin')], test: join(data, 'cifar10', 'test_batch.bin') };
    const run = {
      run: 'whole-step',
      trunk: MODELS[model].trunk,
      optimizer: adam,
      rounds,
      evaluateEvery: rounds,
      probeEvery: 0,
    };
    const task = { id: 'photo', head: { classify: { classes: CLASSES } }, optimizer: adam };
    const client = { client: 'photos', data: { cifar: { files, scale: 255 }, batchSize: 32 }, tasks: [task] };
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ ...run, clients: ['client.yaml'] }));
    writeFileSync(join(folder, 'client.yaml'), JSON.stringify(client));
    let rate = NaN;
    const child = runChild({
      entry: 'test/dist/bench/one-process.js',
      args: [JSON.stringify({ file, overrides: [], threads, warmUp: WARM_UP })],
      log: join(folder, 'step.log'),
      heard: (line) => (rate = Number(line['rate'])),
    });
    const timer = setTimeout(() => child.stop(), LIMIT_S * 1000);
    const { how } = await child.exited;
    clearTimeout(timer);
    if (!Number.isFinite(rate)) throw new Error(`our own step ended ${how}: ${child.lastWords().slice(-300)}`);
    return 1000 / rate;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
