import { loadTasks } from '@trunkline/client';
import { createBatches } from '@trunkline/model/data';
import { openBackend } from '@trunkline/model/backend';
import type { Tensor, Tf } from '@trunkline/model/layer';
import { randomStream } from '@trunkline/model/random';
import type { TaskPlan } from '@trunkline/model/task';
import { planRun } from '@trunkline/coordinator';
import type { Job } from '../simulate/job.ts';

/**
 * The referee of the exactness tests: one ordinary model of the joint loss L = Σ λ_k L_k, written out with textbook operations
 * and differentiated in one piece. It shares with the product only what defines the problem: data, batches, dropout masks and
 * the order of parameters. Knows the layers of the two examples, binary and classify heads without hidden layers.
 */
type Variable = ReturnType<Tf['variable']>;

export interface Fused {
  /** ∂L/∂θ and ∂L/∂head at the given trunk and heads, on the batches of `round`. */
  gradient(round: number, theta: Float32Array, heads: Readonly<Record<string, Float32Array>>): Promise<FusedGradient>;
}

export interface FusedGradient {
  readonly trunk: Float32Array;
  /** `client/task` → gradient; absent where the batch had no label. */
  readonly heads: Readonly<Record<string, Float32Array>>;
}

interface Joint {
  readonly client: string;
  readonly tasks: readonly TaskPlan[];
  rows(round: number): Promise<{ x: Tensor; labels: Record<string, Float32Array> }>;
}

export async function fusedModel(job: Job, lambda: (client: string, task: string) => number): Promise<Fused> {
  const { tf } = await openBackend({ device: 'auto', threads: job.threads, convolutional: true });
  const { trunk } = planRun(job.config);
  const { seed } = job.config;
  const clients: Joint[] = [];
  for (const { config } of job.clients) {
    const tasks = await loadTasks(config);
    const { source, stream, batchSize } = tasks[0]!;
    const batches = createBatches({ seed, stream, size: source.sizes.train, batchSize });
    clients.push({
      client: config.client,
      tasks,
      async rows(round) {
        const { inputs, targets } = await source.read('train', batches.rows(round));
        const labels = tasks.map(({ id, target }) => [id, (targets[target] as { values: Float32Array }).values]);
        return {
          x: tf.tensor(inputs, [batchSize, ...trunk.inputShape]),
          labels: Object.fromEntries(labels) as Record<string, Float32Array>,
        };
      },
    });
  }
  return {
    async gradient(round, theta, heads) {
      const batches = await Promise.all(clients.map(async (one) => ({ ...one, ...(await one.rows(round)) })));
      const weights = trunk.layout.slots.map(({ offset, size, shape }) =>
        tf.variable(tf.tensor(theta.subarray(offset, offset + size), [...shape])),
      );
      const headWeights = new Map<string, [Variable, Variable]>();
      for (const { client, tasks } of batches) {
        for (const task of tasks)
          headWeights.set(`${client}/${task.id}`, headVariables(tf, heads[`${client}/${task.id}`]!, widthOf(task)));
      }
      const used = new Set<string>();
      const { value, grads } = tf.variableGrads(() => {
        const losses: Tensor[] = [];
        for (const { client, tasks, x, labels } of batches) {
          const random = (layer: string) => randomStream(seed, 'dropout', tasks[0]!.stream, round, layer);
          const h = trunkOutput(tf, trunk.spec.layers, { x, weights, random });
          for (const task of tasks) {
            const [kernel, bias] = headWeights.get(`${client}/${task.id}`)!;
            const loss = taskLoss(
              tf,
              tf.add(tf.matMul(h as never, kernel as never), bias),
              labels[task.id]!,
              widthOf(task),
            );
            if (!loss) continue;
            used.add(`${client}/${task.id}`);
            losses.push(tf.mul(loss, lambda(client, task.id)));
          }
        }
        return tf.addN(losses) as never;
      }, [...weights, ...[...headWeights.values()].flat()]);
      const read = (all: readonly Variable[]) => joined(all.map(({ name }) => grads[name]!.dataSync() as Float32Array));
      const result = {
        trunk: read(weights),
        heads: Object.fromEntries([...used].map((key) => [key, read(headWeights.get(key)!)])),
      };
      tf.dispose([
        value,
        ...Object.values(grads),
        ...weights,
        ...[...headWeights.values()].flat(),
        ...batches.map(({ x }) => x),
      ]);
      return result;
    },
  };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const widthOf = (task: TaskPlan): number => {
  const head = task.head as { binary?: unknown; classify?: { classes?: readonly unknown[] } };
  return head.classify ? head.classify.classes!.length : 1;
};

function headVariables(tf: Tf, values: Float32Array, width: number): [Variable, Variable] {
  const inputs = (values.length - width) / width;
  return [
    tf.variable(tf.tensor(values.slice(0, inputs * width), [inputs, width])),
    tf.variable(tf.tensor(values.slice(inputs * width), [width])),
  ];
}

type Spec = { [kind: string]: Record<string, number> };

interface Pass {
  readonly x: Tensor;
  readonly weights: readonly Variable[];
  readonly random: (layer: string) => { uint32(): number };
}

function trunkOutput(tf: Tf, layers: readonly unknown[], { x, weights, random }: Pass): Tensor {
  let used = 0;
  return (layers as readonly Spec[]).reduce<Tensor>((h, spec, place) => {
    const [kind, args] = Object.entries(spec)[0]!;
    switch (kind) {
      case 'dense':
        return tf.relu(tf.add(tf.matMul(h as never, weights[used++] as never), weights[used++]!));
      case 'conv2d':
        return tf.relu(tf.add(tf.conv2d(h as never, weights[used++] as never, 1, 'same'), weights[used++]!));
      case 'averagePooling2d':
        return tf.avgPool(h as never, 2, 2, 'valid');
      case 'flatten':
        return tf.reshape(h, [h.shape[0], -1]);
      case 'dropout': {
        const rate = args['rate']!;
        const chance = random(`${place}-dropout`);
        const mask = new Float32Array(h.size).map(() => (chance.uint32() < rate * 2 ** 32 ? 0 : 1 / (1 - rate)));
        return tf.mul(h, tf.tensor(mask, h.shape));
      }
      default:
        throw new Error(`the referee does not know the layer ${kind}`);
    }
  }, x);
}

/** Mean over labelled rows; undefined when there is none. −1 and NaN are missing labels. */
function taskLoss(tf: Tf, logits: Tensor, labels: Float32Array, width: number): Tensor | undefined {
  const rows = [...labels.keys()].filter((i) => labels[i]! >= 0);
  if (rows.length === 0) return undefined;
  const chosen = tf.gather(logits, tf.tensor1d(rows, 'int32'));
  const wanted = rows.map((i) => labels[i]!);
  if (width === 1) {
    // log(1 + e^u) with u = −x for the label 1 and x for 0: tf.losses subtracts nearly equal numbers for confident outputs.
    const signs = tf.tensor2d(
      wanted.map((label) => 1 - 2 * label),
      [rows.length, 1],
    );
    return tf.mean(tf.softplus(tf.mul(chosen, signs)));
  }
  const classes = tf.oneHot(tf.tensor1d(wanted, 'int32'), width);
  return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(chosen), classes), -1)));
}
