import { errorsOf, meanOf } from './errors-of.ts';
import { defineMetric } from './metric.ts';

/** Mean absolute error over all known labels, all outputs together, in the target's unit. */
export const mae = defineMetric({
  name: 'mae',
  better: 'lower',
  unit: 'of the target',
  for: ['regress'],
  measure(known) {
    const errors = errorsOf(known);
    return errors && meanOf(errors.map(Math.abs));
  },
});
