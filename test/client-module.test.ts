import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { TaskPlan } from '@trunkline/model/task';
import { loadTasks, openClient } from '@trunkline/client';
import { ROOT } from './simulate/child.ts';
import { trainInProcess } from './simulate/in-process.ts';
import { openJob } from './simulate/job.ts';
import type { Joint } from './simulate/joint.ts';
import { trainOverSockets } from './simulate/sockets.ts';

const folder = join(ROOT, 'test', 'client-module');
const scratch = mkdtempSync(join(tmpdir(), 'trunkline-module-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const shown = ({ trunk, scores, digests }: Joint) => ({ trunk, scores, digests });

describe('a client module', () => {
  it('trains with its own loader, layer, loss and metric, to the same bytes over sockets and in one process', async () => {
    const job = { ...(await openJob(join(folder, 'run.yaml'), ['probeEvery=0'])), threads: 1 };
    const one = await trainInProcess(job);
    const score = one.scores.find(({ task }) => task === 'swings')!;
    // Waves swing one to four times: guessing the middle is within a half of every third.
    expect(score.metrics['within-half']).toBeGreaterThan(0.8);
    expect(score.metrics['rmse']).toBeLessThan(0.5);
    const heard = () => undefined;
    expect(shown(await trainOverSockets(job, { folder: join(scratch, 'run'), heard }))).toEqual(shown(one));
  });

  const open = async (text: string, overrides: string[] = []) => {
    const file = join(scratch, `m${Math.random()}.task.mjs`);
    writeFileSync(file, text);
    return openClient(file, overrides);
  };

  it.each([
    ['cannot be read', 'export default {', 'CLIENT_MODULE', /cannot be used/],
    ['exports nothing', 'export const a = 1', 'CLIENT_MODULE', /no default export/],
    ['has an unknown key', "export default { client: 'a', taskz: [] }", 'CONFIG_UNKNOWN_KEY', /taskz/],
    [
      'has a metric of which lower is better',
      "export default { client: 'a', tasks: [{ id: 'b', head: 'binary', data: { loader: { open() {} } }, metrics: [{ name: 'x', better: 'lower', compute() {} }] }] }",
      'CONFIG_INVALID',
      /higher being better/,
    ],
  ])('that %s is refused with its name', async (_, text, code, sentence) => {
    await expect(open(text)).rejects.toMatchObject({
      code,
      exit: 2,
      message: expect.stringMatching(sentence) as string,
    });
  });

  it('says what a wrong batch lacks', async () => {
    const config = await open(
      "export default { client: 'a', tasks: [{ id: 'b', head: 'regress', data: { loader: { inputShape: [3], open: () => ({ size: 4, batch: async ({ size }) => ({ size, inputs: new Float32Array(5), targets: {} }) }) } } }] }",
    );
    await expect(loadTasks(config)).rejects.toMatchObject({
      code: 'DATA_LOADER',
      message: expect.stringMatching(/4 rows has 5 inputs.*Expected 12/) as string,
    });
  });

  it('may give a plain iterator: any round is found again by reading up to it, and that is said', async () => {
    const config = await open(`
      async function* batches() {
        for (let i = 0; i < 5; i++)
          yield { size: 2, inputs: new Float32Array(2).fill(i), targets: { y: { kind: 'number', shape: [], values: new Float32Array(2).fill(i) } } };
      }
      export default { client: 'a', tasks: [{ id: 'b', head: 'regress', data: { loader: { inputShape: [1], open: batches } } }] }`);
    const [{ source }] = (await loadTasks(config)) as [TaskPlan];
    expect(source.sizes).toEqual({ train: 10, validation: 10, test: 10 });
    const at = async (round: number) => (await source.batch!({ round, size: 2, random: undefined as never })).inputs[0];
    const rounds = [0, 3, 1, 4, 5, 12, 2, 2];
    const found: unknown[] = [];
    for (const round of rounds) found.push(await at(round));
    expect(found).toEqual(rounds.map((round) => round % 5));
    expect(source.notes!.join()).toMatch(/plain iterator: to go back to round r, its first r batches are read again/);
  });
});
