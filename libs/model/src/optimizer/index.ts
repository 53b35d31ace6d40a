export { createOptimizer, optimizerNames, optimizers, optimizerSchema } from './choice.ts';
export type { OptimizerConfig, OptimizerInput } from './choice.ts';
export { clipScale, normOf } from './clip-norm.ts';
export type { Optimizer, OptimizerKind, OptimizerState } from './optimizer.ts';
export type { Schedule, ScheduleInput } from './schedule.ts';
