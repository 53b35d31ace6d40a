/** Decoded images at hand, as many as a number of bytes allows; the one not asked for longest goes first. */
export interface ImageCache {
  get(row: number): Float32Array | undefined;
  put(row: number, image: Float32Array): void;
  /** Bytes held. */
  readonly bytes: number;
}

export function createImageCache(budget: number): ImageCache {
  // A Map keeps the order of insertion: its first entry is the one to go.
  const held = new Map<number, Float32Array>();
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    get(row) {
      const image = held.get(row);
      if (image === undefined) return undefined;
      held.delete(row);
      held.set(row, image);
      return image;
    },
    put(row, image) {
      if (image.byteLength > budget || held.has(row)) return;
      held.set(row, image);
      bytes += image.byteLength;
      for (const [oldest, { byteLength }] of held) {
        if (bytes <= budget) break;
        held.delete(oldest);
        bytes -= byteLength;
      }
    },
  };
}
