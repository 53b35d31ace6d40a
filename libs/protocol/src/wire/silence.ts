import type { Clock } from '../clock.ts';
import { limits } from '../limits.ts';

/**
 * Watches that a line lives, by what it carries: it is dead once no byte has come in for `limits.silentMs`. Heartbeats see to it that
 * bytes come while nobody has anything to say. Bytes are counted, not whole frames: on a line that turned slow one frame may take longer than any
 * time-out, and who still receives it is not dead. Returns how to stop.
 */
export function watchSilence(options: {
  /** Bytes that came in so far. */
  received: () => number;
  clock: Pick<Clock, 'now' | 'after'>;
  dead: (reason: string) => void;
}): () => void {
  const { received, clock, dead } = options;
  let last = received();
  let since = clock.now();
  let cancel: () => void;
  const look = () => {
    const now = clock.now();
    const bytes = received();
    if (bytes !== last) since = now;
    last = bytes;
    if (now - since >= limits.silentMs) return dead(`nothing came in for ${Math.round((now - since) / 1000)} s`);
    cancel = clock.after(limits.silentMs / 6, look);
  };
  cancel = clock.after(limits.silentMs / 6, look);
  return () => cancel();
}
