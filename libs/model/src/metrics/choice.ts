import type { LabelKind } from '../loss/loss.ts';
import { accuracy } from './accuracy.ts';
import { auprc } from './auprc.ts';
import { auroc } from './auroc.ts';
import { balancedAccuracy } from './balanced-accuracy.ts';
import { iou } from './iou.ts';
import { logLoss } from './log-loss.ts';
import { macroF1 } from './macro-f1.ts';
import { mae } from './mae.ts';
import type { Metric } from './metric.ts';
import { r2 } from './r2.ts';
import { rmse } from './rmse.ts';

/** Every metric that a client file may name. */
export const metrics: Readonly<Record<string, Metric>> = Object.fromEntries(
  [accuracy, balancedAccuracy, macroF1, auroc, auprc, logLoss, rmse, mae, r2, iou].map((metric) => [
    metric.name,
    metric,
  ]),
);

/** The score of a task that names no metric. A head of own `layers` goes by the labels that its loss takes, numbers if not given. */
export function defaultMetric(headKind: string, labels: LabelKind = 'number'): string {
  if (headKind === 'classify') return 'accuracy';
  if (headKind === 'binary' || headKind === 'multilabel') return 'auroc';
  if (headKind === 'regress') return 'rmse';
  return { class: 'accuracy', binary: 'auroc', number: 'rmse' }[labels];
}
