export { fillRun, readRun, runSchema, type RunConfig } from './config.ts';
export { startCoordinator, type Coordinator, type CoordinatorDeps } from './coordinator.ts';
export type { Outcome } from './core.ts';
export { planRun, type Plan } from './plan.ts';
export { byCodeUnits } from './rounds.ts';
export type { RunEvent, ScoredTask, Sink } from './run-events.ts';
export { conflictsOf } from './conflicts.ts';
export { orderedSum } from './ordered-sum.ts';
export { createTrunkStep, type Row, type TrunkStep } from './trunk-step.ts';
