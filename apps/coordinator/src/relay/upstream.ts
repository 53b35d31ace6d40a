import {
  CAPABILITIES,
  ENCODINGS,
  type Join,
  type Joined,
  type TrunklineError,
  type Welcome,
} from '@trunkline/protocol';
import { refuseOtherBirth, type CoordinatorHandlers, type Link, type LinkDeps } from '@trunkline/protocol/line';

/** A relay adds float32 and hands on float32: it names no codec, above or below. */
const relayed = (capability: string): boolean =>
  capability === 'f32' || !(ENCODINGS as readonly string[]).includes(capability);

/** What a relay tells its clients of the run. */
function relayedWelcome({ codec: _, ...welcome }: Welcome): Welcome {
  return { ...welcome, capabilities: welcome.capabilities.filter(relayed) };
}

/** The relay as a client of its coordinator. */
export interface Upstream {
  readonly link: () => Link;
  /** Joins where the line stands and `told` has something to say; otherwise once both are so. */
  join(): void;
  /** Leaves the line and comes again: what a client says of itself is heard once a line. */
  anew(): void;
  readonly joined: boolean;
  close(): void;
}

export interface UpstreamDeps {
  /** @param again it was here before, and that line may not be known to be dead yet */
  readonly link: (deps: LinkDeps, again: boolean) => Link;
  readonly handlers: CoordinatorHandlers;
  /** The run, at the first connection and at each later one. */
  readonly welcomed: (welcome: Welcome) => void;
  /** What the relay joins with; undefined: its clients are not all there. */
  readonly told: () => Join | undefined;
  readonly joined: (reply: Joined) => void;
  readonly lost: (reason: string) => void;
  readonly failed: (error: TrunklineError) => void;
  readonly during: (task: Promise<unknown>) => void;
}

export function openUpstream(deps: UpstreamDeps): Upstream {
  /** Which line is the present one, counted over all links. */
  let line = 0;
  let welcome: Welcome | undefined;
  let stage: 'away' | 'greeted' | 'joined' = 'away';
  let link: Link;

  const join = async () => {
    const message = stage === 'greeted' ? deps.told() : undefined;
    if (!message) return;
    stage = 'joined';
    const mine = line;
    const reply = await link.request('join', message);
    if (mine === line) deps.joined(reply);
  };
  const greet = async () => {
    const mine = ++line;
    stage = 'away';
    const known = welcome && { run: welcome.run, trunk: welcome.trunk.digest };
    const next = await link.request('hello', { capabilities: CAPABILITIES.filter(relayed), ...known });
    if (mine !== line) return;
    if (welcome) refuseOtherBirth(welcome, next);
    const told = relayedWelcome(next);
    deps.welcomed(told);
    welcome = told;
    stage = 'greeted';
    await join();
  };
  const open = (again: boolean): Link => {
    const ofThis =
      <A extends unknown[]>(act: (...args: A) => void) =>
      (...args: A) => {
        if (link === opened) act(...args);
      };
    const opened: Link = deps.link(
      {
        handlers: deps.handlers,
        connected: ofThis(() => deps.during(greet())),
        lost: ofThis((reason: string) => {
          stage = 'away';
          deps.lost(reason);
        }),
        failed: ofThis(deps.failed),
      },
      again,
    );
    return opened;
  };
  link = open(false);
  return {
    link: () => link,
    join: () => deps.during(join()),
    anew() {
      const before = link;
      line++;
      stage = 'away';
      link = open(true);
      before.close();
    },
    get joined() {
      return stage === 'joined';
    },
    close() {
      line++;
      link.close();
    },
  };
}
