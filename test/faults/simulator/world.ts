import type { Clock } from '@trunkline/protocol';
import { randomStream, type Random } from '@trunkline/model/random';

/**
 * Virtual time: what is to happen lies in a queue ordered by (time, sequence), and everything that real code has made of one event, its
 * promises included, is done before the next. Nothing else moves time, so one seed is one history.
 */
export interface World {
  readonly random: Random;
  /** Virtual milliseconds. */
  readonly now: number;
  /** Events that happened so far. */
  readonly events: number;
  /** Makes something happen after `ms`, in `owner` or (null) in the world outside of all processes. */
  after(ms: number, what: string, then: () => void, owner?: Process | null): Cancel;
  /** A process that begins now. */
  begin(name: string): Process;
  /** One line of the history, beside those that every event writes. */
  note(line: string): void;
  /** Everything that happened, one line each. */
  readonly trace: readonly string[];
  /** Called before each event. */
  watch(before: () => void): void;
  /** Lets things happen until `over`, or until nothing is left, or `most` events or `untilMs` are reached. */
  run(over: () => boolean, limits: { most: number; untilMs: number }): Promise<'over' | 'idle' | 'late'>;
}

type Cancel = () => void;

/** A process as the operating system sees it: it can be stopped for a while, and killed at any moment. */
export interface Process {
  readonly name: string;
  readonly alive: boolean;
  readonly paused: boolean;
  readonly clock: Clock;
  /** As `kill -9`: nothing that it planned happens any more. */
  kill(): void;
  /** As SIGSTOP: what comes for it waits. */
  pause(): void;
  resume(): void;
}

interface Happening {
  at: number;
  order: number;
  readonly what: string;
  readonly then: () => void;
  readonly owner: Stoppable | null;
  cancelled: boolean;
}

interface Stoppable extends Process {
  readonly backlog: Happening[];
}

/** Wall clocks lie: each process has its own idea of the date, and its durations begin anywhere. */
const WRONG_BY_MS = 5_000_000;

/** What a world may do without, where far more happens than can be kept. */
interface Economies {
  /** false: `trace` stays empty. */
  readonly traced?: boolean;
  /** false: what happens awaits nothing, so that nothing needs to settle before the next event. */
  readonly settles?: boolean;
}

export function createWorld(seed: number, { traced = true, settles = true }: Economies = {}): World {
  const random = randomStream(seed, 'simulator');
  const queue = createQueue();
  const trace: string[] = [];
  let now = 0;
  let order = 0;
  let events = 0;
  let before = () => {};

  const after: World['after'] = (ms, what, then, owner = null) => {
    const one = { at: now + ms, order: order++, what, then, owner: owner as Stoppable | null, cancelled: false };
    queue.push(one);
    return () => void (one.cancelled = true);
  };
  return {
    random,
    trace,
    after,
    get now() {
      return now;
    },
    get events() {
      return events;
    },
    note: (line) => void (traced && trace.push(line)),
    watch: (hook) => void (before = hook),
    begin(name) {
      const offset = Math.floor(random.uniform() * WRONG_BY_MS);
      const state = { alive: true, paused: false };
      const backlog: Happening[] = [];
      const process: Stoppable = {
        name,
        backlog,
        get alive() {
          return state.alive;
        },
        get paused() {
          return state.paused;
        },
        clock: {
          now: () => now + offset,
          date: () => new Date(offset * 1000 + now),
          after: (ms, ring) => after(ms, 'timer', ring, process),
          soon: (then) => void after(0, 'soon', then, process),
        },
        kill() {
          state.alive = false;
          backlog.length = 0;
        },
        pause: () => void (state.paused = true),
        resume() {
          state.paused = false;
          for (const one of backlog.splice(0)) {
            one.at = now;
            one.order = order++;
            queue.push(one);
          }
        },
      };
      return process;
    },
    async run(over, { most, untilMs }) {
      for (;;) {
        if (over()) return 'over';
        const next = queue.pop();
        if (!next) return 'idle';
        const { owner } = next;
        if (next.cancelled || owner?.alive === false) continue;
        if (next.at > untilMs || events >= most) return 'late';
        now = next.at;
        if (owner?.paused) {
          owner.backlog.push(next);
          continue;
        }
        events++;
        if (traced) trace.push(`${now.toFixed(3)} ${owner?.name ?? 'world'} ${next.what}`);
        before();
        // It may have been killed or stopped by what strikes right now.
        if (owner && !isAlive(owner)) continue;
        if (owner && isPaused(owner)) owner.backlog.push(next);
        else next.then();
        // Every promise that this set off is settled before the next event, as far as it can be.
        if (settles) await new Promise((turn) => setImmediate(turn));
      }
    },
  };
}

const isAlive = ({ alive }: Process): boolean => alive;
const isPaused = ({ paused }: Process): boolean => paused;

/** A binary heap by (time, sequence). */
function createQueue() {
  const heap: Happening[] = [];
  const earlier = (a: Happening, b: Happening) => a.at < b.at || (a.at === b.at && a.order < b.order);
  return {
    push(one: Happening) {
      let i = heap.push(one) - 1;
      while (i > 0) {
        const parent = (i - 1) >> 1;
        if (!earlier(one, heap[parent]!)) break;
        heap[i] = heap[parent]!;
        i = parent;
      }
      heap[i] = one;
    },
    pop(): Happening | undefined {
      const first = heap[0];
      const last = heap.pop();
      if (!first || heap.length === 0) return first;
      let i = 0;
      for (;;) {
        let child = 2 * i + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && earlier(heap[child + 1]!, heap[child]!)) child++;
        if (!earlier(heap[child]!, last!)) break;
        heap[i] = heap[child]!;
        i = child;
      }
      heap[i] = last!;
      return first;
    },
  };
}
