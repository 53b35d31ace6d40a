import { simulateSeed, toldFailure } from '../faults/simulator/simulate-seed.ts';
import { codedVariants } from '../faults/simulator/variants.ts';
import type { Sweep } from './sweep.ts';

const SEEDS = 100_000;
const A_STEP = 500;
/** Every so many seeds one runs twice. */
const TWICE_EVERY = 10;
/** Every so many seeds the storm also goes over a run where answers wait for room, and over one of those with codecs, in turn. */
const MORE_EVERY = 5;

/** A hundred thousand storms over the whole federation in virtual time. */
export const simulator: Sweep = {
  name: 'simulator',
  summary: `the federation in virtual time, through storms of ${SEEDS.toLocaleString('en')} seeds: every promise kept, and the same again from the same seed`,
  steps: () =>
    Array.from({ length: SEEDS / A_STEP }, (_, i) => {
      const first = i * A_STEP;
      return { name: `seeds ${first} to ${first + A_STEP - 1}`, run: () => storms(first) };
    }),
};

async function storms(first: number): Promise<string> {
  let events = 0;
  for (let seed = first; seed < first + A_STEP; seed++) {
    const simulated = await simulateSeed(seed);
    events += simulated.events;
    if (simulated.broken.length > 0) throw new Error(toldFailure(simulated));
    const coded = codedVariants[(seed / MORE_EVERY) % codedVariants.length];
    for (const variant of seed % MORE_EVERY === 0 ? ['crowded', coded!.name] : []) {
      const more = await simulateSeed(seed, { variant });
      events += more.events;
      if (more.broken.length > 0) throw new Error(toldFailure(more));
    }
    if (seed % TWICE_EVERY > 0) continue;
    const again = await simulateSeed(seed);
    if (again.hash !== simulated.hash) throw new Error(`seed ${seed} gives two different histories`);
  }
  return `${events} events, no promise broken`;
}
