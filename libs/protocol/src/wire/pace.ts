import { limits } from '../limits.ts';

/**
 * How much may be under way on one line without acknowledgement. A message that is sent now waits behind it, a heartbeat's answer
 * too, so it is kept to what the line delivers within `limits.queueMs`: two grains at first, more while acknowledgements come soon
 * (as TCP's slow start), less when they come late (as LEDBAT, RFC 6817, which also steers by delay).
 */
export interface Pace {
  /** Resolves when something may be sent, with how many bytes: whole grains, at most one chunk. */
  turn(): Promise<number>;
  /** `bytes` are sent; call what it returns when they are acknowledged, or lost. */
  sent(bytes: number): (arrived: boolean) => void;
  /** Bytes that may be under way now. */
  readonly window: number;
}

const { grainBytes, chunkBytes, queueMs } = limits;
const MOST = limits.chunksInFlight * chunkBytes;
/** One grain on the line while the one before is acknowledged: a slow line is never idle. */
const LEAST = 2 * grainBytes;

/** @param now milliseconds that only grow; left out: a line without delay */
export function createPace(now: () => number = () => 0): Pace {
  let window: number = LEAST;
  let underWay = 0;
  let waiting: (() => void)[] = [];

  /** A quarter of the window, so that one chunk is written while another is under way and a third is acknowledged. */
  const size = () => Math.max(1, Math.floor(window / limits.chunksInFlight / grainBytes)) * grainBytes;
  const turn = async (): Promise<number> => {
    while (underWay > 0 && underWay + size() > window) await new Promise<void>((resolve) => waiting.push(resolve));
    return size();
  };
  return {
    turn,
    sent(bytes) {
      const begun = now();
      underWay += bytes;
      return (arrived) => {
        underWay -= bytes;
        const ms = now() - begun;
        if (arrived && ms <= queueMs / 2) window = Math.min(MOST, window + bytes);
        if (arrived && ms > queueMs) window = Math.max(LEAST, Math.floor((window * queueMs) / ms));
        const ready = waiting;
        waiting = [];
        for (const resume of ready) resume();
      };
    },
    get window() {
      return window;
    },
  };
}
