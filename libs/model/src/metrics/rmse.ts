import { errorsOf, meanOf } from './errors-of.ts';
import { defineMetric } from './metric.ts';

/** Root of the mean squared error over all known labels, all outputs together, in the target's unit. */
export const rmse = defineMetric({
  name: 'rmse',
  better: 'lower',
  unit: 'of the target',
  for: ['regress'],
  measure(known) {
    const errors = errorsOf(known);
    return errors && Math.sqrt(meanOf(errors.map((error) => error * error)));
  },
});
