const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** The little-endian bytes of `values`: a view, no copy. Throws on a big-endian machine, where none of this was ever tested. */
export function bytesOf(values: Float32Array): Uint8Array {
  if (!littleEndian) throw new Error('big-endian machines are not supported');
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The values of little-endian float32 bytes: a view where the bytes are aligned, a copy where they are not. */
export function floatsOf(bytes: Uint8Array): Float32Array {
  if (!littleEndian) throw new Error('big-endian machines are not supported');
  if (bytes.byteLength % 4 !== 0)
    throw new RangeError(`${bytes.byteLength} bytes are no whole number of float32 values`);
  if (bytes.byteOffset % 4 === 0) return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  // Not `bytes.slice()`: for a Buffer that is a view, and its `buffer` holds somebody else's bytes too.
  return new Float32Array(new Uint8Array(bytes).buffer);
}
