import { existsSync } from 'node:fs';
import type { Benchmark, Measured } from '../benchmark.ts';
import { findPeers, type Peers } from './find-peers.ts';

interface PeerBenchmark {
  readonly name: string;
  readonly ids: readonly string[];
  readonly summary: string;
  readonly measure: (peers: Peers, say: (text: string) => void) => Promise<Measured[]>;
}

/** A benchmark that runs another project's program beside ours. Where that cannot be had, or fails, it says why and measures nothing. */
export const peerBenchmark = ({ measure, ...about }: PeerBenchmark): Benchmark => ({
  ...about,
  group: 'peers',
  async measure(say) {
    const found = findPeers(process.env, existsSync);
    const ids = about.ids.join(', ');
    if ('missing' in found) {
      say(`${ids}: not measured: ${found.missing}`);
      return [];
    }
    try {
      return await measure(found.peers, say);
    } catch (error) {
      say(`${ids}: not measured: ${(error as Error).message}`);
      return [];
    }
  },
});

/** How many rounds a Flower run takes at most; a round takes it seconds. TRUNKLINE_PEERS_ROUNDS, 20 when left out. */
export const flowerRounds = (most: number): number =>
  Math.max(2, Math.min(most, Math.trunc(Number(process.env['TRUNKLINE_PEERS_ROUNDS'] ?? 20)) || 20));
