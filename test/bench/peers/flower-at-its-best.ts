import type { Peers } from './find-peers.ts';
import { better, flowerRunOf, SETTINGS, type FlowerRun } from './peer-figures.ts';
import { runPeer } from './run-peer.ts';

/** The rig gives up a Flower run after 280 s; its start and end come on top. */
export const FLOWER_LIMIT_S = 350;

/** A Flower script runs in both settings, one after the other; the one with fewer seconds a round counts. @throws Error when neither gave a result */
export async function flowerAtItsBest(
  peers: Peers,
  job: { script: string; args: readonly string[]; name: string },
  say: (text: string) => void,
): Promise<FlowerRun> {
  const { script, args, name } = job;
  const runs: FlowerRun[] = [];
  for (const setting of SETTINGS) {
    try {
      const result = await runPeer(peers, script, [...args, '--modes', setting], FLOWER_LIMIT_S);
      const run = flowerRunOf(result, name, setting);
      say(
        `Flower, ${name}, ${setting}: ${run.seconds.toFixed(2)} s a round, median of ${run.rounds}; the first ${run.first.toFixed(2)} s`,
      );
      runs.push(run);
    } catch (error) {
      say(`Flower, ${name}, ${setting}: ${(error as Error).message}`);
    }
  }
  return better(runs);
}
