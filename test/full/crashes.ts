import { simulateSeed, toldFailure } from '../faults/simulator/simulate-seed.ts';
import { variants } from '../faults/simulator/variants.ts';
import type { Sweep } from './sweep.ts';

/** About 1,800 crashes each. */
const SEEDS = 60;

/** Crashes of the coordinator at every write point of every round, in virtual time, apart from all storms. */
export const crashes: Sweep = {
  name: 'crashes',
  summary:
    'a coordinator in virtual time that is stopped at each write point of each round of each kind of run, 100,000 times: every promise kept',
  steps: () =>
    Array.from({ length: SEEDS }, (_, seed) => ({ name: `seed ${seed}, all kinds of runs`, run: () => crashed(seed) })),
};

async function crashed(seed: number): Promise<string> {
  let count = 0;
  for (const { name } of variants) {
    const made = new Set<string>();
    const simulated = await simulateSeed(seed, { variant: name, crashes: made });
    if (simulated.broken.length > 0) throw new Error(toldFailure(simulated));
    count += made.size;
  }
  return `${count} write points and rounds, each with its crash`;
}
