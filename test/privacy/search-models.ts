import { rmSync } from 'node:fs';
import { readJob } from '../simulate/job.ts';
import { searchFor } from './canaries.ts';
import { leaksIn, type Leak } from './evidence.ts';
import { ENDINGS, writeRandomModel, type Ending } from './random-model.ts';
import { TO_OWNER, watchRun, type Plant, type Watched } from './watched-run.ts';

export interface Searched extends Watched {
  readonly ending: Ending;
  readonly leaks: readonly Leak[];
}

/** The run of one seed, watched and searched; how it ends follows from the seed. `folder` is made and removed. */
export async function searchModel(folder: string, seed: number, plant?: Plant): Promise<Searched> {
  const ending = plant ? 'whole' : ENDINGS[seed % ENDINGS.length]!;
  try {
    const { file, canaries } = writeRandomModel(folder, seed, ending);
    const watched = await watchRun(readJob(file), ending, plant);
    const leaks = leaksIn(watched.evidence, searchFor([...canaries, ...watched.canaries]));
    // An owner may read which classes his own file names.
    const own = ({ place, canary }: Leak) => place === TO_OWNER && / classes: /.test(canary);
    return { ...watched, ending, leaks: leaks.filter((leak) => !own(leak)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
