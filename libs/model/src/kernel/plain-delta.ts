import type { Kernels } from './kernels.ts';

/** Values whose tags share a byte. */
const TAGGED = 4;
/** Bytes that the tags of `length` values take. */
export const tagBytes = (length: number): number => Math.ceil(length / TAGGED);

/** Bytes of each class, and the classes of 0 to 4 bytes. */
const WIDTHS = [0, 2, 3, 4] as const;
const CLASSES = [0, 1, 1, 2, 3] as const;

const bitsOf = (values: Float32Array): Int32Array =>
  new Int32Array(values.buffer, values.byteOffset, values.byteLength / 4);

/** Differences of vectors, in TypeScript. */
export const plainDelta: Pick<Kernels, 'encodeDelta' | 'decodeDelta'> = {
  encodeDelta(before, now, into) {
    const tags = tagBytes(now.length);
    const [old, bits] = [bitsOf(before), bitsOf(now)];
    if (tags > into.length) return null;
    into.fill(0, 0, tags);
    let at = tags;
    for (let i = 0; i < bits.length; i++) {
      const difference = (bits[i]! - old[i]!) | 0;
      const code = ((difference << 1) ^ (difference >> 31)) >>> 0;
      const kind = CLASSES[Math.ceil((32 - Math.clz32(code)) / 8)]!;
      const width = WIDTHS[kind];
      if (at + width > into.length) return null;
      for (let byte = 0; byte < width; byte++) into[at++] = code >>> (byte * 8);
      into[Math.floor(i / TAGGED)]! |= ((kind & 1) | ((kind >> 1) << TAGGED)) << (i % TAGGED);
    }
    return at;
  },
  decodeDelta(before, from, into) {
    const [old, bits] = [bitsOf(before), bitsOf(into)];
    let at = tagBytes(into.length);
    if (at > from.length) return false;
    for (let i = 0; i < bits.length; i++) {
      const tag = from[Math.floor(i / TAGGED)]! >> (i % TAGGED);
      const width = WIDTHS[(tag & 1) | (((tag >> TAGGED) & 1) << 1)]!;
      if (at + width > from.length) return false;
      let code = 0;
      for (let byte = 0; byte < width; byte++) code |= from[at++]! << (byte * 8);
      bits[i] = old[i]! + ((code >>> 1) ^ -(code & 1));
    }
    return at === from.length;
  },
};
