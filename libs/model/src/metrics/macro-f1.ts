import { countsOf, decidedOf } from './decided.ts';
import { defineMetric, meanOfDefined } from './metric.ts';

/**
 * Mean of F1 = 2 hits / (decided + true) over classes, those neither decided nor true left out. A binary head counts both of its
 * classes; several outputs count one F1 each, that of the label 1. van Rijsbergen 1979.
 */
export const macroF1 = defineMetric({
  name: 'macro-f1',
  better: 'higher',
  unit: '',
  for: ['binary', 'classify', 'multilabel'],
  measure(known) {
    const several = known.kind === 'outputs' && known.columns.length > 1;
    return meanOfDefined(
      decidedOf(known).flatMap((decided) => {
        const counts = countsOf(decided);
        return (several ? counts.slice(1) : counts).map(({ hits, decided: chosen, truly }) =>
          chosen + truly === 0 ? undefined : (2 * hits) / (chosen + truly),
        );
      }),
    );
  },
});
