import type { WritePoint } from './disk.ts';
import type { Federation } from './federation.ts';
import type { Storm } from './storm.ts';
import type { Process, World } from './world.ts';

/** Soon enough that most clients still hold what they were answering with. */
const AGAIN_MS = 300;

/** `write journal/N.journal`: the same for every round. */
const nameOf = ({ operation, path }: WritePoint): string =>
  `${operation} ${path.replace(/^runs\/one\/?/, '').replaceAll(/\d+/g, 'N') || 'the folder'}`;

/**
 * Stops the coordinator at every write point of every round, once each: while it works, while it begins, and while it takes up what the stop before
 * left. Half of the stops take the power along. A stop at a write leaves some of its bytes.
 * @param made what was made before, `round: point`; what is made now is added
 */
export function crashEverywhere(world: World, federation: Federation, made: Set<string>): Storm {
  const { coordinator, history } = federation;
  const storm = { over: true, calmSince: 0 };
  const strike = (process: Process, point: WritePoint) => {
    const { events } = history;
    const round = events.findLast((event) => event.event === 'round')?.round ?? -1;
    const crash = `round ${round + 1}: ${process === coordinator.process ? '' : 'beginning, '}${nameOf(point)}`;
    if (made.has(crash)) return;
    made.add(crash);
    world.note(`  crash in ${crash}`);
    const again = () => void (storm.calmSince = world.now);
    federation.kill(coordinator, { ms: AGAIN_MS, powerLost: world.random.uniform() < 0.5, again, process });
  };
  coordinator.storage.watch(strike);
  return storm;
}
