import type { Socket } from 'node:net';

/** What one direction of a line is like. */
export interface Conditions {
  /** How long each byte is under way, in milliseconds. */
  latencyMs: number;
  /** How many bytes pass in a second; Infinity: as many as come. 256 kbit/s are 32,000. */
  bytesPerSecond: number;
  /** Bytes are handed on in pieces of at most this many, each in a turn of its own. */
  sliceBytes: number;
  /** Nothing passes. */
  blocked: boolean;
}

export interface PacedPipe {
  /** The conditions are others than before. */
  changed(): void;
  stop(): void;
}

/**
 * Bytes that wait in the pipe beyond what the latency holds: a modem's buffer. Past it the sender is not read any more, as
 * TCP would stop it.
 */
const BUFFER_BYTES = 16 * 1024;

/** Hands on the bytes of one direction, as its conditions allow; they are read anew for every piece. */
export function pacedPipe(options: {
  from: Socket;
  to: Socket;
  conditions: Readonly<Conditions>;
  passed: (bytes: Buffer) => void;
}): PacedPipe {
  const { from, to, conditions, passed } = options;
  /** Pieces with the time at which they came. */
  const queue: { bytes: Buffer; at: number }[] = [];
  let queued = 0;
  /** Until when the wire is taken by what was sent before. */
  let busyUntil = 0;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;

  const room = () =>
    BUFFER_BYTES +
    (Number.isFinite(conditions.bytesPerSecond) ? conditions.latencyMs * conditions.bytesPerSecond : 1e9) / 1000;
  const pieceBytes = () => {
    // A slow wire is a smooth one: no piece takes it for more than 50 ms.
    const smooth = Math.max(1, Math.floor(conditions.bytesPerSecond / 20));
    return Math.min(conditions.sliceBytes, smooth);
  };
  const advance = () => {
    timer = undefined;
    for (;;) {
      const first = queue[0];
      if (!first || conditions.blocked) break;
      const wait = Math.max(first.at + conditions.latencyMs, busyUntil) - performance.now();
      if (wait > 0) {
        timer = setTimeout(advance, wait);
        break;
      }
      const piece = first.bytes.subarray(0, Math.min(first.bytes.byteLength, pieceBytes()));
      if (piece.byteLength === first.bytes.byteLength) queue.shift();
      else first.bytes = first.bytes.subarray(piece.byteLength);
      queued -= piece.byteLength;
      passed(piece);
      const took = (piece.byteLength / conditions.bytesPerSecond) * 1000;
      busyUntil = Math.max(busyUntil, performance.now()) + took;
      if (!to.write(piece)) {
        to.once('drain', advance);
        break;
      }
      if (Number.isFinite(conditions.sliceBytes)) {
        timer = setTimeout(advance, 0);
        break;
      }
    }
    if (queued < room() && !conditions.blocked) from.resume();
    if (ended && queued === 0 && !conditions.blocked) to.end();
  };
  const wake = () => {
    if (timer) clearTimeout(timer);
    timer = setTimeout(advance, 0);
  };
  from.on('data', (bytes: Buffer) => {
    queue.push({ bytes, at: performance.now() });
    queued += bytes.byteLength;
    if (queued >= room() || conditions.blocked) from.pause();
    if (!timer) advance();
  });
  from.on('end', () => {
    ended = true;
    if (!timer) advance();
  });
  return {
    changed: wake,
    stop() {
      if (timer) clearTimeout(timer);
      timer = undefined;
      queue.length = 0;
      queued = 0;
    },
  };
}
