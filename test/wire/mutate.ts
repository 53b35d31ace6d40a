import type { Random } from '@trunkline/model/random';

const below = (random: Random, limit: number): number => Math.floor(random.uniform() * limit);

/** One frame of a session as somebody would send it who looks for what breaks a reader: bits turned, parts cut, doubled, moved, invented. */
export function mutate(frames: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes = Buffer.from(frames[below(random, frames.length)]!);
  for (let times = 1 + below(random, 4); times > 0; times--) bytes = change(bytes, frames, random);
  return bytes;
}

/** Beginnings of values that decoders have died of. */
const TAGS = [0xc1, 0xc4, 0xc6, 0xc7, 0xc9, 0xcf, 0xd3, 0xd4, 0xd8, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0x8f, 0x9f, 0xff];

function change(bytes: Buffer<ArrayBuffer>, frames: readonly Uint8Array[], random: Random): Buffer<ArrayBuffer> {
  const at = below(random, Math.max(1, bytes.length));
  const end = at + below(random, 16);
  switch (below(random, 8)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8));
      return bytes;
    case 1:
      bytes[at] = below(random, 256);
      return bytes;
    case 2:
      bytes[at] = TAGS[below(random, TAGS.length)]!;
      return bytes;
    case 3:
      return Buffer.from(bytes.subarray(0, at));
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    case 5:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    case 6: {
      const other = frames[below(random, frames.length)]!;
      return Buffer.concat([bytes.subarray(0, at), other.subarray(below(random, other.length))]);
    }
    default:
      return Buffer.concat([
        bytes.subarray(0, at),
        Uint8Array.from({ length: below(random, 12) }, () => below(random, 256)),
        bytes.subarray(at),
      ]);
  }
}
