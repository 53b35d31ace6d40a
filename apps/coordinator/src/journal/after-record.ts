import type { Delivery } from '../delivery.ts';
import type { Recorder } from './recorder.ts';

/** The same delivery, but that nothing reaches a client before all that led to it is on the disk. */
export function afterRecord(delivery: Delivery, recorder: Recorder): Delivery {
  return {
    ...delivery,
    async tell(connection, send) {
      const written = connection ? recorder.durable() : undefined;
      if (!written) return delivery.tell(connection, send);
      try {
        await written;
      } catch {
        // The disk failed: the run ends with that, and this message has no ground any more.
        return;
      }
      return delivery.tell(connection, send);
    },
  };
}
