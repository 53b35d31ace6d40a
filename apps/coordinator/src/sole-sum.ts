import type { OrderedSum } from './ordered-sum.ts';

/** The one contribution of a round that one client alone answers, as it came: nothing is added to it, and nothing copied. */
export interface SoleSum extends OrderedSum {
  /** null: it contributed nothing. */
  readonly values: Float32Array | null;
}

export function soleSum(): SoleSum {
  let values: Float32Array | null = null;
  let added = 0;
  return {
    put(_, given) {
      values = given;
      added = 1;
    },
    get added() {
      return added;
    },
    get values() {
      return values;
    },
    stop: () => undefined,
    /** Whoever holds it adds `values` where they belong. */
    finish: () => null,
  };
}
