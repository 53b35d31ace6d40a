import { gramianOf, type WeighingStrategy } from '@trunkline/model/aggregation';
import { kernels } from '@trunkline/model/kernel';
import { randomStream } from '@trunkline/model/random';

/** Rows where the kernels read them without a copy, and room for their combination. */
export interface RowsInRoom {
  readonly rows: readonly Float32Array[];
  readonly direction: Float32Array;
}

/** @param rows of one length */
export function inRoom(rows: readonly Float32Array[]): RowsInRoom {
  const length = rows[0]!.length;
  const room = kernels().room((rows.length + 1) * (length * 4 + 8192));
  const placed = rows.map((row) => {
    const own = room.float32(length);
    own.set(row);
    return own;
  });
  return { rows: placed, direction: room.float32(length) };
}

export interface AggregateTimes {
  /** Processor time: other work on the machine does not count. */
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** Milliseconds of Gramian (where the strategy needs one), solution and combination. @throws Error when the direction is not finite */
export function aggregateRound(
  strategy: WeighingStrategy,
  { rows, direction }: RowsInRoom,
  { round, parameters }: { round: number; parameters?: unknown },
): AggregateTimes {
  const tasks = rows.map((_, k) => `task-${k}`);
  const weigher = strategy.create(parameters);
  const state = weigher.init(tasks);
  const losses = new Float64Array(rows.length).fill(1);
  const random = randomStream(1, 'strategy', round);
  const [start, begun] = [process.cpuUsage(), performance.now()];
  const gramian = strategy.needs === 'gramian' ? gramianOf(rows) : undefined;
  const { weights } = weigher.weigh({ tasks, gramian, rows: undefined, losses, round, random }, state);
  kernels().weightedSum(rows, weights, direction);
  const wallMs = performance.now() - begun;
  const { user, system } = process.cpuUsage(start);
  if (!direction.every(Number.isFinite)) throw new Error(`${strategy.name} gave a direction that is not finite`);
  return { cpuMs: (user + system) / 1000, wallMs };
}
