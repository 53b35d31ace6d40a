import type { Prefetch } from '../data/prefetch.ts';
import type { Rows, Source } from '../data/source.ts';
import type { Head } from '../head/index.ts';
import type { Draw } from '../aggregation/strategy.ts';
import type { Tf } from '../layer/layer.ts';
import type { Loss } from '../loss/index.ts';
import type { TaskPlan } from '../task.ts';
import type { Trunk } from '../trunk/trunk.ts';
import type { Learned } from './learned.ts';
import type { Weights } from './weights.ts';

/** A task with everything that it learns. */
export interface NetworkTask {
  readonly plan: TaskPlan;
  readonly head: Head;
  readonly loss: Loss;
  readonly weights: Learned;
  /** Its own, or its source's: tasks with the same one share a trunk pass. */
  readonly adapter: Learned;
}

export interface NetworkSource {
  readonly stream: string;
  readonly source: Source;
  readonly batches: Prefetch<Rows>;
  /** Further batches of a round, independent of its own. */
  readonly extra: Readonly<Record<Draw, Prefetch<Rows>>>;
  /** A round's own batch once more, out of turn. */
  again(round: number): Promise<Rows>;
  readonly tasks: readonly NetworkTask[];
}

/** Trunk, sources and tasks of one client, with their weights. */
export interface Network {
  readonly tf: Tf;
  readonly seed: number;
  readonly trunk: Trunk;
  readonly trunkWeights: Weights;
  /** No gradient of the trunk is made. */
  readonly frozenTrunk: boolean;
  readonly sources: readonly NetworkSource[];
  /** In the order of the client file: the order in which losses and rows are added. */
  readonly tasks: readonly NetworkTask[];
  /** Each adapter once, with its key: `<stream>`, or `<stream>/<task>` for a task's own. */
  readonly adapters: ReadonlyMap<string, Learned>;
}
