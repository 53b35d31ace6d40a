import { kernels, type Adaptive } from '../kernel/index.ts';
import type { Rule, Tick } from './optimizer.ts';

/**
 * A rule that divides by the root of a mean of squares v, along the gradient or, where it keeps `m`, along a mean of it.
 * @param buffers name → first value @param stepOf the numbers of one update
 */
export const adaptiveRule = (
  buffers: Readonly<{ m?: number; v: number }>,
  stepOf: (tick: Tick) => Omit<Adaptive, 'scale'>,
): Rule => ({
  buffers: { ...buffers },
  move(tick) {
    const { m, v } = tick.buffers;
    kernels().adaptive(tick.values, tick.gradient, { m, v: v! }, { scale: tick.scale, ...stepOf(tick) });
  },
});
