import { randomStream } from '@trunkline/model/random';
import type { Job } from '../simulate/job.ts';
import { checkHistory } from './check-history.ts';
import { COORDINATOR, openFleet, type FleetOptions } from './fleet.ts';
import { openProxy, type FaultProxy } from './proxy.ts';

/** What befalls the lines of a run: both directions or one, on and off, broken, or not taken at all. */
export type LineDisturbance = 'two-way' | 'up' | 'down' | 'flapping' | 'reset' | 'refusing';
/** The same, and a process that stands still. */
export type Disturbance = LineDisturbance | 'stop client' | 'stop coordinator';

/** The network that a run is trained over, and how it is disturbed. */
export interface Ground {
  readonly fleet: Pick<FleetOptions, 'address' | 'args' | 'behind'>;
  disturb(what: LineDisturbance, ms: number): Promise<void>;
  close(): void | Promise<void>;
}

export interface Disturbed {
  /** Milliseconds from the end of each disturbance to the first round that closed after it. */
  readonly healed: readonly { readonly what: Disturbance; readonly ms: number }[];
  /** How each process took SIGTERM in the midst of training. */
  readonly terminated: readonly { readonly member: string; readonly code: number | null; readonly ms: number }[];
  /** What the same commands, given again, came to. */
  readonly resumed: { readonly rounds: number; readonly sha256: string };
}

/**
 * Trains a run, by default through a proxy, and disturbs it, one thing after the other, each for a random time up to `longestMs`; then ends all processes by
 * SIGTERM, which finds the run under way, and begins them again.
 * @param job long enough that it does not end before that
 */
export async function disturbRun(
  job: Job,
  folder: string,
  plan: { seed: number; disturbances: readonly Disturbance[]; longestMs: number },
  ground: Ground = proxied(),
): Promise<Disturbed> {
  const fleet = openFleet({ folder, job, ...ground.fleet, clientArgs: ['--delay', '25'] });
  const names = job.clients.map(({ config }) => config.client);
  const random = randomStream(plan.seed, 'disturbances');
  const nextRound = () =>
    fleet.until(({ from, said }) => from === COORDINATOR && said.event === 'round', { from: fleet.lines.length });
  const healed: Disturbed['healed'][number][] = [];
  try {
    await fleet.start(COORDINATOR);
    for (const name of names) await fleet.start(name);
    for (const what of plan.disturbances) {
      await nextRound();
      await pause(random.uniform() * 30);
      const ms = (0.2 + 0.8 * random.uniform()) * plan.longestMs;
      if (what === 'stop client' || what === 'stop coordinator') {
        const member = what === 'stop client' ? names[0]! : COORDINATOR;
        await fleet.signal(member, 'SIGSTOP');
        await pause(ms);
        await fleet.signal(member, 'SIGCONT');
      } else await ground.disturb(what, ms);
      const begun = performance.now();
      const { at } = await nextRound();
      healed.push({ what, ms: at - begun });
    }
    const terminated = [];
    for (const member of [names[0]!, COORDINATOR, ...names.slice(1)]) {
      const begun = performance.now();
      await fleet.signal(member, 'SIGTERM');
      const { code } = await fleet.ended(member);
      terminated.push({ member, code, ms: performance.now() - begun });
    }
    checkHistory(folder, fleet.lines, { exact: true });
    return { healed, terminated, resumed: await goOn(job, folder, ground) };
  } finally {
    await fleet.close();
    await ground.close();
  }
}

/** Most of a run may be left. */
const TO_THE_END_MS = 600_000;

/** Begins a run again that was ended, and lets it train to its end. */
async function goOn(job: Job, folder: string, { fleet: { args, behind } }: Ground): Promise<Disturbed['resumed']> {
  const fleet = openFleet({ folder, job, ...(args ? { args } : {}), ...(behind ? { behind } : {}) });
  try {
    await fleet.start(COORDINATOR);
    for (const { config } of job.clients) await fleet.start(config.client);
    const { said } = await fleet.until(({ said }) => said.event === 'finished' && 'sha256' in said, {
      ms: TO_THE_END_MS,
    });
    return { rounds: said['rounds'] as number, sha256: String(said['sha256']) };
  } finally {
    await fleet.close();
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A fault proxy before the coordinator. */
function proxied(): Ground {
  let proxy: FaultProxy | undefined;
  return {
    fleet: { address: async (url) => (proxy = await openProxy(url)).url },
    close: () => proxy?.close(),
    async disturb(what, ms) {
      if (!proxy) throw new Error('there is no line yet');
      switch (what) {
        case 'reset':
          return proxy.drop('reset');
        case 'refusing':
          proxy.accepting = false;
          proxy.drop('end');
          await pause(ms);
          proxy.accepting = true;
          return;
        case 'flapping':
          for (let left = ms; left > 0; left -= 100) {
            proxy.partition();
            await pause(50);
            proxy.heal();
            await pause(50);
          }
          return;
        default:
          if (what === 'two-way') proxy.partition();
          else proxy.partition(what);
          await pause(ms);
          proxy.heal();
      }
    },
  };
}
