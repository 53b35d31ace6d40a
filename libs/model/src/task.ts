import type { AugmentConfig } from './data/augment.ts';
import type { Source } from './data/source.ts';
import type { LayerSpec } from './layer/index.ts';
import type { HeadConfig } from './head/index.ts';
import type { LossConfig } from './loss/index.ts';
import type { Metric } from './metrics/index.ts';
import type { OptimizerConfig } from './optimizer/index.ts';

/** One task, as its client file describes it, with its source opened: what a learner is built from. */
export interface TaskPlan {
  readonly id: string;
  readonly replica: boolean;
  /** Tasks with the same `stream` share a source object, its batch, its adapter and, unless they have their own adapter, a trunk pass. */
  readonly stream: string;
  readonly source: Source;
  readonly batchSize: number;
  /** How the images of the source's training batches are changed by chance; left out: not at all. */
  readonly augment?: AugmentConfig | undefined;
  /** The source's adapter: layers from raw input to trunk input; empty: identity. */
  readonly sourceAdapter: readonly LayerSpec[];
  /** The task's own adapter instead: it then has its own pass on the same batch. */
  readonly ownAdapter: readonly LayerSpec[] | undefined;
  /** Which of the source's targets. */
  readonly target: string;
  readonly head: HeadConfig;
  readonly loss: LossConfig;
  readonly optimizer: OptimizerConfig;
  /** Metric names; the first is the score. */
  readonly metrics: readonly string[];
  /** Those of them that a client module brings. */
  readonly ownMetrics?: Readonly<Record<string, Metric>>;
  /** Where the task stands in its file, for errors: `lab-a.yaml:12:5`. */
  readonly at: string;
}
