import type { Process, World } from './world.ts';

export type Side = 'client' | 'coordinator';
export type Direction = 'up' | 'down';

/** The way between one client's machine and the coordinator's, whatever lines run over it. */
export interface Way {
  readonly client: string;
  readonly blocked: Record<Direction, boolean>;
  /** Milliseconds that a message takes, about. */
  delayMs: number;
  /** Messages still to be delivered twice, the second time somewhat later. */
  repeats: number;
}

export interface End {
  readonly process: Process;
  /** A message of the other side; `acknowledge` may be called at any time. */
  message(event: string, args: readonly unknown[], acknowledge: (reply: unknown) => void): void;
  /** This end is closed; called once. */
  closed(reason: string): void;
}

/** One line as TCP and socket.io make it: what arrives, arrives in order; where it breaks, what was on its way is lost. */
export interface Line {
  readonly way: Way;
  readonly ends: Record<Side, End>;
  isOpen(side: Side): boolean;
  /** As socket.io's `emit`. @param acknowledge left out: no answer is wanted */
  emit(side: Side, event: string, args: readonly unknown[], acknowledge?: (reply: unknown) => void): void;
  /** This side ends it; the other hears of it behind everything sent before. */
  close(side: Side, own: string, other: string): void;
  /** Breaks for both, as a router that forgot it would; each side notices in its own time. */
  cut(): void;
  /** Its process is gone: the machine says so to the other side. */
  died(side: Side): void;
  /** Blocked messages go on. */
  unblocked(direction: Direction): void;
  /** Number of the silence that it is in, 0: none. */
  silence: number;
}

const otherSide = { client: 'coordinator', coordinator: 'client' } as const;
const outOf = { client: 'up', coordinator: 'down' } as const;

/** How soon a broken line is noticed where packets still come through. */
const NOTICED_MS = 50;
const REPEATED_MS = 300;

export function createLine(world: World, way: Way, ends: Record<Side, End>): Line {
  const open = { client: true, coordinator: true };
  const pipes = { up: createPipe(world, way, 'up'), down: createPipe(world, way, 'down') };

  const shut = (side: Side, reason: string) => {
    if (!open[side]) return;
    open[side] = false;
    ends[side].closed(reason);
  };
  const send = (side: Side, what: string, arrive: () => void, repeatable = false) => {
    const to = otherSide[side];
    pipes[outOf[side]].send(what, ends[to].process, () => open[to] && arrive(), repeatable);
  };
  return {
    way,
    ends,
    silence: 0,
    isOpen: (side) => open[side],
    emit(side, event, args, acknowledge) {
      if (!open[side]) return;
      const to = otherSide[side];
      const copy = args.map(copied);
      const reply = (value: unknown) => {
        if (!open[to] || !acknowledge) return;
        const copyOfReply = copied(value);
        send(to, `ack ${event}`, () => acknowledge(copyOfReply));
      };
      send(side, event, () => ends[to].message(event, copy, reply), acknowledge !== undefined);
    },
    close(side, own, other) {
      if (!open[side]) return;
      send(side, 'end', () => shut(otherSide[side], other));
      shut(side, own);
    },
    cut() {
      pipes.up.lose();
      pipes.down.lose();
      for (const side of ['client', 'coordinator'] as const)
        world.after(
          world.random.uniform() * NOTICED_MS,
          'reset',
          () => shut(side, 'transport close'),
          ends[side].process,
        );
    },
    died(side) {
      open[side] = false;
      if (world.random.uniform() < 0.5) pipes[outOf[side]].lose();
      send(side, 'reset', () => shut(otherSide[side], 'transport close'));
    },
    unblocked: (direction) => pipes[direction].go(ends[direction === 'up' ? 'coordinator' : 'client'].process),
  };
}

/** Memory that a sender uses again must not reach the receiver. */
const copied = (value: unknown): unknown => (value instanceof Uint8Array ? value.slice() : structuredClone(value));

/** One direction of a line. Messages stand in a row, and whatever holds up their coming, the first in it comes first. */
function createPipe(world: World, way: Way, direction: Direction) {
  let last = 0;
  /** Raised when what is on its way is lost. */
  let generation = 0;
  let row: { what: string; arrive: () => void }[] = [];
  /** How many have come as far as where the way is blocked. */
  let stuck = 0;

  const come = (ms: number, to: Process) => {
    const mine = generation;
    const arrived = () => {
      if (mine !== generation) return;
      if (way.blocked[direction]) return void stuck++;
      const { what, arrive } = row.shift()!;
      world.note(`  ${what}`);
      arrive();
    };
    world.after(ms, direction, arrived, to);
  };
  return {
    send(what: string, to: Process, arrive: () => void, repeatable: boolean) {
      const ms = way.delayMs * (0.5 + world.random.uniform());
      last = Math.max(last, world.now + ms);
      row.push({ what, arrive });
      come(last - world.now, to);
      // What a client sends must count once, however often it comes; what a coordinator sends it trusts its line to bring once.
      if (!repeatable || direction === 'down' || way.repeats === 0) return;
      way.repeats--;
      const again = () => way.blocked[direction] || arrive();
      world.after(last - world.now + world.random.uniform() * REPEATED_MS, `${what} again`, again, to);
    },
    /** What has not arrived never will; what is sent from now on does. */
    lose() {
      generation++;
      row = [];
      stuck = 0;
    },
    go(to: Process) {
      for (; stuck > 0; stuck--) come(0, to);
    },
  };
}
