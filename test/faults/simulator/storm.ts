import type { Federation, Machine } from './federation.ts';
import type { Way } from './line.ts';
import type { Process, World } from './world.ts';

/** A storm of faults, drawn from the world's chance: they strike after so many events, not after so much time, and so find every state. */
export interface Storm {
  /** All faults have struck, and what they did is over. */
  readonly over: boolean;
  /** When it became so. */
  readonly calmSince: number;
}

/** Events between two faults, about. */
const EVERY = 35;
const FAULTS = { least: 3, most: 14 };
const LASTS_MS = { least: 1, most: 90_000 };
/** How much longer a slow way is. */
export const SLOWER = 60;
const REPEATS = 8;
const OPERATIONS = 30;

export function startStorm(world: World, federation: Federation): Storm {
  const { random } = world;
  const { network } = federation;
  let left = FAULTS.least + random.below(FAULTS.most - FAULTS.least + 1);
  let raging = 0;
  let calmSince = 0;
  const gap = () => 1 + Math.floor(-Math.log(1 - random.uniform()) * EVERY);
  let next = gap();

  const lasts = () => LASTS_MS.least * (LASTS_MS.most / LASTS_MS.least) ** random.uniform();
  const forAWhile = (what: string, begin: () => void, end: () => void) => {
    begin();
    raging++;
    const over = () => {
      end();
      raging--;
      calmSince = world.now;
    };
    world.after(lasts(), `${what} is over`, over);
  };
  const pick = <T>(from: readonly T[]): T => from[random.below(from.length)]!;
  const machines = [federation.coordinator, ...federation.machines];
  const killNow = (machine: Machine) => {
    raging++;
    const ms = random.uniform() < 0.5 ? lasts() / 100 : lasts();
    const again = () => {
      raging--;
      calmSince = world.now;
    };
    federation.kill(machine, { ms, powerLost: random.uniform() < 0.5, again });
  };
  const somebody = (): Process => pick(machines).process;
  const someWays = (): Way[] => {
    const all = federation.machines.map(({ name }) => network.wayOf(name));
    return random.uniform() < 0.2 ? all : [pick(all)];
  };

  const faults: Record<string, () => void> = {
    cut() {
      const lines = [...network.lines];
      for (const line of random.uniform() < 0.3 ? lines : lines.slice(0, 1)) line.cut();
    },
    block() {
      const ways = someWays();
      const directions = pick([['up'], ['down'], ['up', 'down']] as const);
      const each = (act: (way: Way, direction: 'up' | 'down') => void) => () => {
        for (const way of ways) for (const direction of directions) act(way, direction);
      };
      forAWhile('block', each(network.block), each(network.unblock));
    },
    pause() {
      const process = somebody();
      if (process.paused || !process.alive) return;
      forAWhile(
        'pause',
        () => network.pause(process),
        () => network.resume(process),
      );
    },
    slow() {
      const [way] = someWays();
      // By a factor each: of two that overlap, the one that ends last must not put back what the other had made of the way.
      forAWhile(
        'slow',
        () => void (way!.delayMs *= SLOWER),
        () => void (way!.delayMs /= SLOWER),
      );
    },
    kill() {
      const machine = pick(machines);
      if (machine.process.alive) killNow(machine);
    },
    /** At one of its next operations on the disk. */
    killAtDisk() {
      const machine = pick(machines);
      let operations = 1 + random.below(OPERATIONS);
      machine.storage.watch((process) => {
        if (--operations > 0 || process !== machine.process) return;
        machine.storage.watch(() => undefined);
        killNow(machine);
      });
    },
    /** No room any more, or sectors that fail: what it strikes ends, and is started again until it can work. */
    trouble() {
      const { storage } = pick(machines);
      if (storage.trouble) return;
      const trouble = pick(['ENOSPC', 'EIO'] as const);
      forAWhile(
        trouble,
        () => void (storage.trouble = trouble),
        () => void (storage.trouble = null),
      );
    },
    repeat() {
      for (const way of someWays()) way.repeats += 1 + random.below(REPEATS);
    },
  };
  world.watch(() => {
    if (left === 0 || world.events < next) return;
    left--;
    next = world.events + gap();
    const name = pick(Object.keys(faults));
    world.note(`  fault: ${name}`);
    calmSince = world.now;
    faults[name]!();
  });
  return {
    get over() {
      return left === 0 && raging === 0;
    },
    get calmSince() {
      return calmSince;
    },
  };
}
