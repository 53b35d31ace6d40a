import { roomFor } from '../kernel/index.ts';
import type { Optimizer, OptimizerState } from '../optimizer/index.ts';

/** Vectors beside those of the optimizer, and the most that an optimizer has. */
const VECTORS = 5 + 2;

/** What a task's local steps work on, one round after another: where they lie together, nothing is copied and nothing is left behind. */
export interface WalkMemory {
  readonly theta: Float32Array;
  /** Σ of the updates. */
  readonly moved: Float32Array;
  readonly update: Float32Array;
  /** The gradient, for whoever writes it straight here. */
  readonly gradient: Float32Array;
  /** The gradient as it is after corrections. */
  readonly corrected: Float32Array;
  /** An optimizer's state before its first update. */
  begin(optimizer: Optimizer): OptimizerState;
}

export function createWalkMemory(length: number): WalkMemory {
  const room = roomFor(VECTORS, length);
  const vector = () => room.float32(length);
  let known: { name: string; state: OptimizerState } | undefined;
  return {
    ...{ theta: vector(), moved: vector(), update: vector(), gradient: vector(), corrected: vector() },
    begin(optimizer) {
      if (known?.name === optimizer.name) optimizer.restart(known.state);
      else known = { name: optimizer.name, state: optimizer.init(length, room) };
      return known.state;
    },
  };
}
