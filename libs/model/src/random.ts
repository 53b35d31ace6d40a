import { createHash } from 'node:crypto';

/** The only source of chance in Trunkline. Two generators made from the same key give the same numbers on every machine. */
export interface Random {
  /** 32 random bits as an unsigned integer. */
  uint32(): number;
  /** As many of `uint32` as fit, a quarter of the time that calls take. */
  fill(into: Uint32Array): void;
  /** Uniform in [0, 1), 53 bits. Draws two 32-bit numbers. */
  uniform(): number;
  /** Standard normal (Box and Muller 1958, one value a call, no hidden second one). */
  normal(): number;
  /** An integer in [0, n), without modulo bias. */
  below(n: number): number;
  /** A random order of 0…n−1 (Fisher and Yates, from the last place down). */
  permutation(n: number): number[];
}

/**
 * A named stream: every use of chance has its own generator, keyed by the run's seed and by what it is for, e.g.
 * `randomStream(seed, 'batch', stream, round)`. Nothing keeps an iterator state, so any round can be computed without the
 * rounds before it. The key is hashed (SHA-256) into the 128-bit state of xoshiro128** (Blackman and Vigna 2018).
 */
export function randomStream(seed: number, ...name: (string | number)[]): Random {
  const key = JSON.stringify([seed, ...name]);
  const digest = createHash('sha256').update(key).digest();
  return xoshiro128(
    digest.readUInt32LE(0),
    digest.readUInt32LE(4),
    digest.readUInt32LE(8),
    digest.readUInt32LE(12) | 1,
  );
}

function xoshiro128(a: number, b: number, c: number, d: number): Random {
  const uint32 = () => {
    const x = Math.imul(b, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  /** The same steps on variables that the compiler keeps in registers. */
  const fill = (into: Uint32Array) => {
    let [s, t, u, v] = [a, b, c, d];
    for (let i = 0; i < into.length; i++) {
      const x = Math.imul(t, 5);
      into[i] = Math.imul((x << 7) | (x >>> 25), 9);
      const shifted = t << 9;
      u ^= s;
      v ^= t;
      t ^= u;
      s ^= v;
      u ^= shifted;
      v = (v << 11) | (v >>> 21);
    }
    [a, b, c, d] = [s, t, u, v];
  };
  const uniform = () => ((uint32() >>> 5) * 0x4000000 + (uint32() >>> 6)) / 0x20000000000000;
  const below = (n: number) => {
    const limit = 0x100000000 - (0x100000000 % n);
    for (;;) {
      const x = uint32();
      if (x < limit) return x % n;
    }
  };
  return {
    uint32,
    fill,
    uniform,
    below,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    permutation(n) {
      const order = Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = below(i + 1);
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
      return order;
    },
  };
}
