import type { Sink } from '../run-events.ts';

/** A sink that holds something open. */
export interface OpenSink {
  readonly sink: Sink;
  /** Lets go of it; what it still had to write is written, or said to be lost, within a few seconds. */
  readonly close: () => Promise<void>;
}
