import { spawnSync } from 'node:child_process';
import { pause, type Ground } from './disturb-run.ts';
import { COORDINATOR } from './fleet.ts';

/** Two network namespaces with a line between them that the kernel itself cuts: no proxy, no process of ours between. */
export interface Namespaces {
  /** The coordinator's address. */
  readonly host: string;
  /** What a process is started behind, to live on one side. */
  readonly inside: (side: 'coordinator' | 'clients') => readonly string[];
  /** Takes the line down, or sets it up again. */
  line(state: 'up' | 'down'): void;
  /** Drops what would go this way, and nothing of the other; `null`: nothing any more. */
  blackhole(direction: 'up' | 'down' | null): void;
  /** Bits per second of the line in each direction; null: as fast as it is. */
  rate(bitsPerSecond: number | null): void;
  /** Removes both. */
  close(): void;
}

const SUBNET = '10.77.41';
const ADDRESS = { coordinator: `${SUBNET}.1`, clients: `${SUBNET}.2` };

function command(name: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(name, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}

/** Why network namespaces cannot be made here; null: they can. */
export function withoutNamespaces(): string | null {
  try {
    openNamespaces('probe').close();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** @param name of this pair, to tell it from others on this machine; a few letters @throws where the kernel or this user may not */
export function openNamespaces(name: string): Namespaces {
  const of = { coordinator: `tl-${name}-a`, clients: `tl-${name}-b` };
  const device = { coordinator: `tl${name}a`, clients: `tl${name}b` };
  const sides = ['coordinator', 'clients'] as const;
  const within = (side: (typeof sides)[number], ...args: readonly string[]) =>
    command('ip', 'netns', 'exec', of[side], ...args);
  const close = () => {
    for (const side of sides) spawnSync('ip', ['netns', 'del', of[side]]);
  };
  close();
  try {
    for (const side of sides) command('ip', 'netns', 'add', of[side]);
    command(
      'ip',
      'link',
      'add',
      device.coordinator,
      'netns',
      of.coordinator,
      ...[...['type', 'veth', 'peer', 'name', device.clients, 'netns', of.clients]],
    );
    for (const side of sides) {
      within(side, 'ip', 'addr', 'add', `${ADDRESS[side]}/24`, 'dev', device[side]);
      within(side, 'ip', 'link', 'set', device[side], 'up');
      within(side, 'ip', 'link', 'set', 'lo', 'up');
    }
  } catch (error) {
    close();
    throw error;
  }
  /** A route to the other side that leads nowhere, at the side that sends. */
  let hole: { side: (typeof sides)[number]; to: string } | null = null;
  return {
    host: ADDRESS.coordinator,
    inside: (side) => ['ip', 'netns', 'exec', of[side]],
    line: (state) => within('coordinator', 'ip', 'link', 'set', device.coordinator, state),
    blackhole(direction) {
      if (hole) within(hole.side, 'ip', 'route', 'del', 'blackhole', `${hole.to}/32`);
      hole = null;
      if (!direction) return;
      const side = direction === 'up' ? 'clients' : 'coordinator';
      hole = { side, to: ADDRESS[side === 'clients' ? 'coordinator' : 'clients'] };
      within(side, 'ip', 'route', 'add', 'blackhole', `${hole.to}/32`);
    },
    rate(bitsPerSecond) {
      for (const side of sides) {
        spawnSync('ip', ['netns', 'exec', of[side], 'tc', 'qdisc', 'del', 'dev', device[side], 'root']);
        if (bitsPerSecond === null) continue;
        const shape = ['tbf', 'rate', `${bitsPerSecond}bit`, 'burst', '16kbit', 'latency', '400ms'];
        within(side, 'tc', 'qdisc', 'add', 'dev', device[side], 'root', ...shape);
      }
    },
    close,
  };
}

/** A run over such a line. It stands for another machine's: the coordinator listens off loopback. */
export function namespaceGround(net: Namespaces): Ground {
  return {
    fleet: {
      args: ['--set', `listen.host=${net.host}`, '--insecure'],
      behind: (member) => net.inside(member === COORDINATOR ? 'coordinator' : 'clients'),
    },
    close: () => undefined,
    async disturb(what, ms) {
      switch (what) {
        case 'up':
        case 'down':
          net.blackhole(what);
          await pause(ms);
          return net.blackhole(null);
        case 'flapping':
          for (let left = ms; left > 0; left -= 400) {
            net.line('down');
            await pause(200);
            net.line('up');
            await pause(200);
          }
          return;
        default:
          net.line('down');
          await pause(ms);
          net.line('up');
      }
    },
  };
}
