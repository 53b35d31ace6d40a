import { limits, type Clock } from '@trunkline/protocol';

/** What a door knows of a line: how much came in over it, and how to end it. */
export interface Line {
  readonly bytesRead: number;
  readonly destroyed: boolean;
  destroy(): void;
}

const LOOK_MS = 50;

/**
 * Whether a line is silent: it is asked for a sign of life, and no byte comes in for `limits.probeMs`. A living one has answered within a round trip.
 */
export async function silenceOf(line: Line, { clock, ask }: { clock: Clock; ask: () => void }): Promise<boolean> {
  const before = line.bytesRead;
  const until = clock.now() + limits.probeMs;
  const heard = () => line.bytesRead !== before;
  ask();
  while (!heard() && !line.destroyed && clock.now() < until)
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
  // What arrived while this process was busy is read before it is judged.
  if (!heard()) await new Promise<void>((resolve) => clock.soon(resolve));
  return !heard();
}
