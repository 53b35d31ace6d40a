/** Bytes of a class. */
function width(c: u32): u32 {
  return c + <u32>(c > 0);
}

/** The class of value `lane` in a tag: the low bits of four classes, then their high bits. */
function classOf(tag: u32, lane: u32): u32 {
  return ((tag >>> lane) & 1) | (((tag >>> (lane + 4)) & 1) << 1);
}

/**
 * Writes what the two functions below look up: for each of 256 tags which bytes of four codes are sent (16 bytes a tag), then which of the bytes that were sent
 * make up the four codes, none where it says 0x80 (as many), then how many bytes those are (a byte a tag).
 */
export function deltaTables(at: usize): void {
  memory.fill(at, 0x80, 8192);
  for (let tag: u32 = 0; tag < 256; tag++) {
    let sent: u32 = 0;
    for (let lane: u32 = 0; lane < 4; lane++) {
      for (let byte: u32 = 0; byte < width(classOf(tag, lane)); byte++, sent++) {
        store<u8>(at + (tag << 4) + sent, (lane << 2) + byte);
        store<u8>(at + 4096 + (tag << 4) + (lane << 2) + byte, sent);
      }
    }
    store<u8>(at + 8192 + tag, sent);
  }
}

/**
 * Writes how n values differ from what they were: for each the difference of its bits in zigzag order, in 0, 2, 3 or 4 bytes at `out`, and which of the four
 * at `tags`, a byte for four values. Returns how many bytes stand at `out`; up to 16 beyond them are overwritten.
 */
export function encodeDelta(tables: usize, tags: usize, out: usize, before: usize, now: usize, n: usize): usize {
  const began = out;
  const zero = i32x4.splat(0);
  const end = (n << 2) & ~15;
  for (let o: usize = 0; o < end; o += 16, tags++) {
    const d = i32x4.sub(v128.load(now + o), v128.load(before + o));
    const z = v128.xor(i32x4.shl(d, 1), i32x4.shr_s(d, 31));
    const none = i32x4.eq(z, zero);
    const below16 = i32x4.eq(i32x4.shr_u(z, 16), zero);
    const below24 = i32x4.eq(i32x4.shr_u(z, 24), zero);
    // Classes 0 and 2 lack the low bit, 0 and 1 the high one.
    const lowless = i32x4.bitmask(v128.xor(v128.xor(none, below16), below24));
    const tag = (<u32>(lowless | (i32x4.bitmask(below16) << 4))) ^ 255;
    store<u8>(tags, tag);
    v128.store(out, v128.swizzle(z, v128.load(tables + (tag << 4))));
    out += load<u8>(tables + 8192 + tag);
  }
  let tag: u32 = 0;
  for (let i: u32 = 0; i < ((<u32>n) & 3); i++) {
    const d = load<i32>(now + end + (i << 2)) - load<i32>(before + end + (i << 2));
    const z = <u32>((d << 1) ^ (d >> 31));
    const c = <u32>(z > 0) + <u32>(z > 0xffff) + <u32>(z > 0xffffff);
    store<u32>(out, z);
    out += width(c);
    tag |= ((c & 1) << i) | ((c >>> 1) << (i + 4));
  }
  if (n & 3) store<u8>(tags, tag);
  return out - began;
}

/** Puts n values back together; returns how many bytes were read at `from`. Up to 16 beyond them are looked at. */
export function decodeDelta(tables: usize, out: usize, before: usize, tags: usize, from: usize, n: usize): usize {
  const began = from;
  const one = i32x4.splat(1);
  const end = (n << 2) & ~15;
  for (let o: usize = 0; o < end; o += 16, tags++) {
    const tag = <u32>load<u8>(tags);
    const z = v128.swizzle(v128.load(from), v128.load(tables + 4096 + (tag << 4)));
    from += load<u8>(tables + 8192 + tag);
    const d = v128.xor(i32x4.shr_u(z, 1), i32x4.neg(v128.and(z, one)));
    v128.store(out + o, i32x4.add(v128.load(before + o), d));
  }
  for (let i: u32 = 0; i < ((<u32>n) & 3); i++) {
    const w = width(classOf(load<u8>(tags), i));
    const z = <u32>((<u64>load<u32>(from)) & (((<u64>1) << (w << 3)) - 1));
    from += w;
    store<u32>(out + end + (i << 2), load<u32>(before + end + (i << 2)) + ((z >>> 1) ^ (0 - (z & 1))));
  }
  return from - began;
}
