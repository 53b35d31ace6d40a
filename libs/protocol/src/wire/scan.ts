import { limits } from '../limits.ts';

/**
 * Walks the headers of packed bytes without making a value of them, and throws on everything that no message of this protocol holds
 * and that has cost some decoder its process: nesting without end, counts larger than what follows, extension types (they name
 * classes, patterns and compiled readers), 64-bit integers, binary data, keys that are no text, bytes left over.
 * Format: github.com/msgpack/msgpack, spec.md.
 * @throws RangeError saying what was found and at which byte
 */
export function scanPacked(bytes: Uint8Array): void {
  const { byteLength } = bytes;
  /** Values that each open array or map still needs; a map's are kept negative while a key is due. */
  const left: number[] = [];
  const isMap: boolean[] = [];
  let at = 0;
  let elements = 0;

  const refuse = (what: string): never => {
    throw new RangeError(`${what} at byte ${at} of a packed header`);
  };
  const take = (size: number): number => {
    if (size > byteLength - at) refuse(`${size} bytes are announced where ${byteLength - at} are left`);
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + bytes[at + i]!;
    at += size;
    return value;
  };
  const skip = (size: number): void => {
    if (size > byteLength - at) refuse(`${size} bytes are announced where ${byteLength - at} are left`);
    at += size;
  };
  const open = (count: number, map: boolean): void => {
    const values = map ? count * 2 : count;
    if (values > byteLength - at) refuse(`${values} values are announced where ${byteLength - at} bytes are left`);
    if (left.length >= limits.packDepth) refuse(`nesting deeper than ${limits.packDepth} levels`);
    elements += values;
    if (elements > limits.packElements) refuse(`more than ${limits.packElements} values`);
    left.push(values);
    isMap.push(map);
  };

  do {
    const last = left.length - 1;
    const keyDue = last >= 0 && isMap[last]! && left[last]! % 2 === 0;
    const isText = value(take(1));
    if (keyDue && !isText) refuse('a key that is no text');
    if (last >= 0) left[last]!--;
    while (left.length > 0 && left.at(-1) === 0) {
      left.pop();
      isMap.pop();
    }
  } while (left.length > 0);
  if (at < byteLength) refuse(`${byteLength - at} bytes left over`);

  /** Passes over one header and what belongs to it; returns whether it is text. */
  function value(tag: number): boolean {
    if (tag <= 0x7f || tag >= 0xe0 || tag === 0xc0 || tag === 0xc2 || tag === 0xc3) return false;
    if (tag <= 0x8f) open(tag & 0x0f, true);
    else if (tag <= 0x9f) open(tag & 0x0f, false);
    else if (tag <= 0xbf) return (skip(tag & 0x1f), true);
    else if (tag === 0xca) skip(4);
    else if (tag === 0xcb) skip(8);
    else if (tag >= 0xcc && tag <= 0xce) skip(1 << (tag - 0xcc));
    else if (tag >= 0xd0 && tag <= 0xd2) skip(1 << (tag - 0xd0));
    else if (tag >= 0xd9 && tag <= 0xdb) return (skip(take(1 << (tag - 0xd9))), true);
    else if (tag === 0xdc || tag === 0xdd) open(take(tag === 0xdc ? 2 : 4), false);
    else if (tag === 0xde || tag === 0xdf) open(take(tag === 0xde ? 2 : 4), true);
    else if (tag === 0xcf || tag === 0xd3) refuse('a 64-bit integer');
    else if (tag >= 0xc4 && tag <= 0xc6) refuse('binary data');
    else if (tag === 0xc1) refuse('a tag that no format has');
    else refuse('an extension type');
    return false;
  }
}
