export {
  createBestEvaluation,
  type BestEvaluation,
  type HeardScores,
  type ValidationScore,
} from './best-evaluation.ts';
export { defaultMetric, metrics } from './choice.ts';
export { jsonMetrics } from './json-metrics.ts';
export { metricOf } from './metric-of.ts';
export { deltaM, deltaOf, type Gain, type LeftOut, type Pair } from './delta-m.ts';
export type { Better, Metric, ScoredHead, ScoreShape } from './metric.ts';
