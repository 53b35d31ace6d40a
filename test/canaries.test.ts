import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openBackend } from '@trunkline/model/backend';
import { ENDINGS } from './privacy/random-model.ts';
import { searchModel } from './privacy/search-models.ts';

const temporary = mkdtempSync(join(tmpdir(), 'trunkline-canaries-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** `npm run test:full -- canaries` searches 1,000. */
const MODELS = 48;

describe('heads, adapters, labels and rows of random models', () => {
  it(`are in nothing that was sent, kept, said or refused in ${MODELS} runs, in good order or not`, async () => {
    const { tf } = await openBackend({ device: 'cpu', threads: 1 });
    const before = tf.memory().numTensors;
    const leaks: string[] = [];
    const ended = new Map<string, Set<string>>();
    for (let seed = 1; seed <= MODELS; seed++) {
      const searched = await searchModel(join(temporary, 'model'), seed);
      leaks.push(...searched.leaks.map((leak) => `seed ${seed}: ${JSON.stringify(leak)}`));
      const { ending, ends } = searched;
      ended.set(ending, new Set([...(ended.get(ending) ?? []), ...ends]));
    }
    expect(leaks).toEqual([]);
    // Each of them ended as it was to.
    expect([...ended.keys()].sort()).toEqual([...ENDINGS].sort());
    const including = (code: string): unknown => expect.arrayContaining([code]);
    expect(Object.fromEntries([...ended].map(([ending, codes]) => [ending, [...codes]]))).toMatchObject({
      whole: ['finished'],
      crash: ['finished'],
      'no finite loss': including('TASK_DIVERGED'),
      refused: including('CONTRIBUTION_NORM'),
      revoked: including('CLIENT_REVOKED'),
      'bad label': including('DATA_LABEL_RANGE'),
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('are found where they are planted: in a gradient, in a checkpoint, in what a client says, in an error', async () => {
    const placesOf = async (plant: Parameters<typeof searchModel>[2]) => {
      const { leaks } = await searchModel(join(temporary, 'planted'), 10, plant);
      return [...new Set(leaks.map(({ place }) => place.replaceAll(/\d+/g, 'N')))];
    };
    const including = (...places: string[]): unknown => expect.arrayContaining(places);
    expect(await placesOf('gradient')).toEqual(including('up', 'runs/one/journal/N.journal'));
    expect(await placesOf('checkpoint')).toEqual(['runs/one/checkpoints/N.safetensors']);
    expect(await placesOf('reason')).toEqual(including('up', 'events'));
    expect(await placesOf('error')).toEqual(including('said'));
  });
});
