import { gramianOf } from '@trunkline/model/aggregation';
import type { Conflicts } from './run-events.ts';
import type { Row } from './trunk-step.ts';

/** Cosines between the tasks' gradients: below 0 two tasks pull the trunk apart (Yu et al., NeurIPS 2020). */
export function conflictsOf(rows: readonly Row[]): Conflicts {
  const gramian = gramianOf(rows.map(({ values }) => values));
  const count = rows.length;
  const norms = rows.map((_, i) => Math.sqrt(gramian[i * count + i]!));
  const cosines = Array.from(gramian, (dot, at) => {
    const product = norms[Math.floor(at / count)]! * norms[at % count]!;
    const cosine = dot / product;
    return Number.isFinite(cosine) ? Math.max(-1, Math.min(1, cosine)) : null;
  });
  return { tasks: rows.map(({ id }) => id), cosines, norms };
}
