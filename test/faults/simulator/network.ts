import type { TrunklineError } from '@trunkline/protocol';
import type { Random } from '@trunkline/model/random';
import { createLine, type Direction, type End, type Line, type Way } from './line.ts';
import type { Process, World } from './world.ts';

/** Where a coordinator takes lines in. */
export interface Door {
  readonly process: Process;
  /** Decides before there is a line. */
  admit(client: string): TrunklineError | null;
  /** This line stands. */
  enter(client: string, line: () => Line): End;
}

export interface Caller {
  readonly client: string;
  readonly process: Process;
  /** The line stands. */
  opened(line: Line): End;
  /** It does not: refused for a reason, or (null) nobody answered. */
  failed(error: TrunklineError | null): void;
}

export interface Network {
  readonly lines: ReadonlySet<Line>;
  wayOf(client: string): Way;
  listen(door: Door): void;
  dial(caller: Caller): void;
  /** Nothing passes in this direction until `unblock`; what was on its way waits, as TCP would send it again. */
  readonly block: (way: Way, direction: Direction) => void;
  readonly unblock: (way: Way, direction: Direction) => void;
  pause(process: Process): void;
  resume(process: Process): void;
  /** Its machine closes what it had open. */
  died(process: Process): void;
}

/** How long a caller waits for an answer at the door; socket.io's own default. */
const DIAL_MS = 20_000;
/** Pings go every 10 s, and 20 s without an answer end a line (`limits`): silence is noticed after so long. */
const SILENT_MS = { least: 20_000, most: 30_000 };
const DELAY_MS = { least: 0.2, most: 20 };

/** A way without a fault, as long as chance makes it. */
export function newWay(client: string, random: Random): Way {
  const delayMs = DELAY_MS.least * (DELAY_MS.most / DELAY_MS.least) ** random.uniform();
  return { client, blocked: { up: false, down: false }, delayMs, repeats: 0 };
}

export function createNetwork(world: World): Network {
  const { random } = world;
  const ways = new Map<string, Way>();
  const lines = new Set<Line>();
  let door: Door | undefined;
  let silences = 0;

  const wayOf = (client: string): Way => {
    const known = ways.get(client);
    if (known) return known;
    const way = newWay(client, random);
    ways.set(client, way);
    return way;
  };
  const isSilent = ({ way, ends }: Line) =>
    way.blocked.up || way.blocked.down || ends.client.process.paused || ends.coordinator.process.paused;

  /** Each side ends a line by itself when it has heard nothing for too long. */
  const listenToSilence = () => {
    for (const line of lines) {
      if (!isSilent(line)) line.silence = 0;
      if (!isSilent(line) || line.silence > 0) continue;
      const mine = (line.silence = ++silences);
      for (const side of ['client', 'coordinator'] as const) {
        const ms = SILENT_MS.least + random.uniform() * (SILENT_MS.most - SILENT_MS.least);
        const gone = () => line.silence === mine && line.close(side, 'ping timeout', 'transport close');
        world.after(ms, 'ping overdue', gone, line.ends[side].process);
      }
    }
  };
  /** One that was stopped for long may find its timers due before it reads what has come. */
  const wokeLate = (line: Line, process: Process) => {
    if (random.uniform() < 0.5) return;
    const side = line.ends.client.process === process ? 'client' : 'coordinator';
    line.close(side, 'ping timeout', 'transport close');
  };
  const linesOf = (process: Process) =>
    [...lines].filter(({ ends }) => ends.client.process === process || ends.coordinator.process === process);
  const stoppedAt = new Map<Process, number>();

  const make = (caller: Caller, at: Door): void => {
    const { client, process } = caller;
    const way = wayOf(client);
    let line: Line | undefined = undefined;
    let settled: End | undefined;
    const coordinator = at.enter(client, () => line!);
    const forget = () => {
      if (line && !line.isOpen('client') && !line.isOpen('coordinator')) lines.delete(line);
    };
    line = createLine(world, way, {
      coordinator: {
        process: at.process,
        message: (...message) => coordinator.message(...message),
        closed(reason) {
          forget();
          coordinator.closed(reason);
        },
      },
      client: {
        process,
        message(event, args, acknowledge) {
          if (event !== 'opened') return settled?.message(event, args, acknowledge);
          settled = caller.opened(line!);
        },
        closed(reason) {
          forget();
          if (settled) settled.closed(reason);
          else caller.failed(null);
        },
      },
    });
    lines.add(line);
    line.emit('coordinator', 'opened', []);
    listenToSilence();
  };

  return {
    lines,
    wayOf,
    listen: (opened) => void (door = opened),
    dial(caller) {
      const { client, process } = caller;
      const way = wayOf(client);
      let over = false;
      const finish = (then: () => void) => () => {
        if (over) return;
        over = true;
        cancel();
        then();
      };
      const cancel = world.after(
        DIAL_MS,
        'dial overdue',
        finish(() => caller.failed(null)),
        process,
      );
      const ms = () => way.delayMs * (0.5 + random.uniform());
      const back = (what: string, then: () => void) => world.after(ms(), what, finish(then), process);
      const knock = () => {
        const at = door;
        if (way.blocked.up || way.blocked.down || !process.alive) return;
        if (!at?.process.alive) return void back('nobody listens', () => caller.failed(null));
        const decide = () => {
          if (over || !process.alive) return;
          const error = at.admit(client);
          if (error) return void back(`refused ${error.code}`, () => caller.failed(error));
          finish(() => make(caller, at))();
        };
        world.after(0, `knock ${client}`, decide, at.process);
      };
      world.after(ms(), `dial ${client}`, knock);
    },
    block(way, direction) {
      way.blocked[direction] = true;
      listenToSilence();
    },
    unblock(way, direction) {
      way.blocked[direction] = false;
      for (const line of lines) if (line.way === way) line.unblocked(direction);
      listenToSilence();
    },
    pause(process) {
      stoppedAt.set(process, world.now);
      process.pause();
      listenToSilence();
    },
    resume(process) {
      const ms = world.now - (stoppedAt.get(process) ?? world.now);
      if (ms > SILENT_MS.most) for (const line of linesOf(process)) wokeLate(line, process);
      process.resume();
      listenToSilence();
    },
    died(process) {
      for (const line of linesOf(process)) {
        line.died(line.ends.client.process === process ? 'client' : 'coordinator');
        if (!line.isOpen('client') && !line.isOpen('coordinator')) lines.delete(line);
      }
    },
  };
}
