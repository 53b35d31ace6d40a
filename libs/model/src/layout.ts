import { createHash } from 'node:crypto';

export type Shape = readonly number[];

export interface TensorSlot {
  readonly name: string;
  readonly shape: Shape;
  /** Where the tensor begins in the flat array, in elements. */
  readonly offset: number;
  /** How many elements it has. */
  readonly size: number;
}

/** Named tensors in one flat Float32Array: what trunk, head and adapter are, in memory and on the wire. */
export interface Layout {
  readonly slots: readonly TensorSlot[];
  /** Elements in all. */
  readonly length: number;
}

export const sizeOf = (shape: Shape): number => shape.reduce((product, side) => product * side, 1);

/** Places tensors one after the other, in the order given. Names must be unique. */
export function layoutOf(tensors: readonly { name: string; shape: Shape }[]): Layout {
  let offset = 0;
  const slots = tensors.map(({ name, shape }) => {
    const slot = { name, shape, offset, size: sizeOf(shape) };
    offset += slot.size;
    return slot;
  });
  return { slots, length: offset };
}

/** The tensor's part of `flat`, as a view. */
export const viewOf = (flat: Float32Array, slot: TensorSlot): Float32Array =>
  flat.subarray(slot.offset, slot.offset + slot.size);

/** SHA-256 of names and shapes, hex: two sides that agree on it mean the same thing by the same offset. */
export const layoutDigest = (layout: Layout): string =>
  createHash('sha256')
    .update(JSON.stringify(layout.slots.map(({ name, shape }) => [name, shape])))
    .digest('hex');

/** SHA-256 of the float32 little-endian bytes in layout order, hex. */
export const flatDigest = (flat: Float32Array): string =>
  createHash('sha256')
    .update(new Uint8Array(flat.buffer, flat.byteOffset, flat.byteLength))
    .digest('hex');
