import { openProxy } from '../faults/proxy.ts';

/** What crossed the lines to a coordinator, both ways. */
export interface Recording {
  /** The address to join instead of the coordinator's. */
  readonly url: string;
  /** Client → coordinator: the bytes of each line as they were, and behind them the payloads of its frames without their masks. */
  up(): Buffer;
  down(): Buffer;
  close(): Promise<void>;
}

/** A proxy before a coordinator that keeps every byte. */
export async function record(coordinator: string): Promise<Recording> {
  const lines = new Map<string, Buffer[]>();
  const proxy = await openProxy(coordinator, (line, direction, bytes) => {
    const key = `${direction} ${line}`;
    lines.set(key, [...(lines.get(key) ?? []), Buffer.from(bytes)]);
  });
  const all = (direction: 'up' | 'down') =>
    Buffer.concat(
      [...lines]
        .filter(([key]) => key.startsWith(direction))
        .map(([, parts]) => Buffer.concat(parts))
        .flatMap((raw) => [raw, payloads(raw)]),
    );
  return { url: proxy.url, up: () => all('up'), down: () => all('down'), close: () => proxy.close() };
}

/** The payloads of a WebSocket stream's frames, unmasked (RFC 6455 §5.2), one after the other; what is no WebSocket gives none. */
export function payloads(stream: Buffer): Buffer {
  const start = stream.indexOf('\r\n\r\n');
  if (start < 0 || !/upgrade: websocket/i.test(stream.subarray(0, start).toString('latin1'))) return Buffer.alloc(0);
  const found: Buffer[] = [];
  let at = start + 4;
  while (at + 2 <= stream.length) {
    const short = stream[at + 1]! & 0x7f;
    const masked = (stream[at + 1]! & 0x80) !== 0;
    const wide = short === 126 ? 2 : short === 127 ? 8 : 0;
    const begin = at + 2 + wide + (masked ? 4 : 0);
    if (begin > stream.length) break;
    const length =
      wide === 2 ? stream.readUInt16BE(at + 2) : wide === 8 ? Number(stream.readBigUInt64BE(at + 2)) : short;
    const mask = masked ? stream.subarray(begin - 4, begin) : Buffer.alloc(4);
    found.push(Buffer.from(stream.subarray(begin, begin + length).map((byte, i) => byte ^ mask[i % 4]!)));
    at = begin + length;
  }
  return Buffer.concat(found);
}
