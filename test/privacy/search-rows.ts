import { isPair, NUMBER, TEXT_PRECISION, type Canaries, type Hit } from './secret.ts';

/** Two numbers that stand one behind the other in a secret. */
interface Pair {
  readonly first: number;
  readonly second: number;
  readonly canary: string;
}

/** Between two numbers of a packed list stands one byte, in memory none. */
const BETWEEN = [0, 1];

/**
 * A search for two numbers of a secret in a row: as float64 in both byte orders, one behind the other or with a byte between them, and as decimal text. As
 * float32 they are found with all others.
 */
export function searchRows(rows: readonly Canaries[]): (bytes: Uint8Array, text: string) => Hit[] {
  const pairs: Pair[] = [];
  for (const { name, numbers = [] } of rows)
    for (let i = 0; i + 1 < numbers.length; i++) {
      const [first, second] = [numbers[i]!, numbers[i + 1]!];
      if (isPair(first, second)) pairs.push({ first, second, canary: `${name}[${i}] = ${first}, ${second}` });
    }
  const doubles = new Map<number, Pair[]>();
  for (const pair of pairs) doubles.set(pair.first, [...(doubles.get(pair.first) ?? []), pair]);
  // A float64 of a float32 number ends in 29 zero bits: only what does is looked up.
  const decimals = [...pairs].sort((a, b) => Math.abs(a.first) - Math.abs(b.first));
  const near = (found: number, wanted: number) =>
    Math.abs(Math.abs(found) - Math.abs(wanted)) <= Math.abs(wanted) * TEXT_PRECISION;
  const from = (wanted: number): number => {
    let [low, high] = [0, decimals.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Math.abs(decimals[middle]!.first) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return (bytes, text) => {
    const hits: Hit[] = [];
    if (pairs.length === 0) return hits;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let offset = 0; offset + 16 <= bytes.length; offset++)
      for (const little of [true, false]) {
        const low = view.getUint32(little ? offset : offset + 4, little);
        if ((low & 0x1fffffff) !== 0) continue;
        for (const { second, canary } of doubles.get(view.getFloat64(offset, little)) ?? [])
          for (const gap of BETWEEN)
            if (offset + 16 + gap <= bytes.length && view.getFloat64(offset + 8 + gap, little) === second)
              hits.push({ canary, encoding: `float64 ${little ? 'little' : 'big'}`, offset });
      }
    let before: number | undefined;
    for (const { 0: digits, index } of text.matchAll(NUMBER)) {
      const value = Number(digits);
      const first = before === undefined ? 0 : Math.abs(before);
      before = value;
      if (first === 0) continue;
      for (let i = from(first * (1 - TEXT_PRECISION)); i < decimals.length && near(first, decimals[i]!.first); i++)
        if (near(value, decimals[i]!.second))
          hits.push({ canary: decimals[i]!.canary, encoding: 'decimal', offset: index });
    }
    return hits;
  };
}
