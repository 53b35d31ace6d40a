import { isPair, isPlain, NUMBER, TEXT_PRECISION, type Canaries, type Hit } from './secret.ts';
import { searchRows } from './search-rows.ts';

/** Every array of a learner's state: heads, adapters, their optimizers' moments. */
export function arraysOf(tree: unknown, name: string): Canaries[] {
  if (tree instanceof Float32Array) return [{ name, numbers: tree }];
  if (typeof tree !== 'object' || tree === null) return [];
  return Object.entries(tree).flatMap(([key, inner]) => arraysOf(inner, `${name}/${key}`));
}

/** Finds canaries in bytes, at every offset, in every encoding that a program would write a number or a text in. */
export interface Search {
  (bytes: Uint8Array): Hit[];
}

const BASE64 = /[A-Za-z0-9+/_-]{11,}={0,2}/g;

/**
 * A search for all of `canaries`: float32 and float64 in both byte orders (msgpack writes the big one), decimal text, hexadecimal, base64 at each
 * of its four beginnings, and texts in UTF-8 and UTF-16. Zeros and small whole numbers are no canaries: they are everywhere.
 */
export function searchFor(canaries: readonly Canaries[]): Search {
  const singles = new Map<number, string>();
  const pairs = new Map<number, { next: number; canary: string }[]>();
  const doubles = new Map<number, { low: number; canary: string }[]>();
  const decimals: { value: number; canary: string }[] = [];
  const texts: { canary: string; encoding: string; bytes: Buffer }[] = [];
  const rows = canaries.filter(({ alone }) => alone === false);
  for (const { name, numbers = [], texts: words = [], float32 = 'each', alone = true } of canaries) {
    if (!alone)
      for (let i = 0; i + 1 < numbers.length; i++) {
        const [value, after] = [numbers[i]!, numbers[i + 1]!];
        if (isPair(value, after))
          push(pairs, wordOf(value), { next: wordOf(after), canary: `${name}[${i}] = ${value}, ${after}` });
      }
    for (let i = 0; alone && i < numbers.length; i++) {
      const value = numbers[i]!;
      if (isPlain(value)) continue;
      const canary = `${name}[${i}] = ${value}`;
      if (float32 === 'each') singles.set(wordOf(value), canary);
      else if (i + 1 < numbers.length && !isPlain(numbers[i + 1]!))
        push(pairs, wordOf(value), { next: wordOf(numbers[i + 1]!), canary });
      for (const exact of new Set([value, Math.fround(value)])) {
        const [low, high] = wordsOf(exact);
        push(doubles, high, { low, canary });
      }
      decimals.push({ value: Math.abs(value), canary });
    }
    for (const text of words)
      for (const encoding of ['utf8', 'utf16le'] as const)
        texts.push({ canary: `${name}: ${text}`, encoding, bytes: Buffer.from(text, encoding) });
  }
  decimals.sort((a, b) => a.value - b.value);
  const inRows = searchRows(rows);

  const binary = (bytes: Uint8Array, prefix: string): Hit[] => {
    const hits: Hit[] = [];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let offset = 0; offset + 4 <= bytes.length; offset++) {
      for (const little of [true, false]) {
        const order = little ? 'little' : 'big';
        const word = view.getUint32(offset, little);
        const single = singles.get(word);
        if (single !== undefined) hits.push({ canary: single, encoding: `${prefix}float32 ${order}`, offset });
        if (offset + 8 > bytes.length) continue;
        const next = view.getUint32(offset + 4, little);
        for (const pair of pairs.get(word) ?? [])
          if (pair.next === next) hits.push({ canary: pair.canary, encoding: `${prefix}float32 ${order}`, offset });
        const [high, low] = little ? [next, word] : [word, next];
        for (const double of doubles.get(high) ?? [])
          if (double.low === low) hits.push({ canary: double.canary, encoding: `${prefix}float64 ${order}`, offset });
      }
    }
    return hits;
  };
  return (bytes) => {
    const hits = binary(bytes, '');
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    for (const { 0: digits, index } of text.matchAll(NUMBER)) {
      const canary = nearest(decimals, Math.abs(Number(digits)));
      if (canary !== undefined) hits.push({ canary, encoding: 'decimal', offset: index });
    }
    for (const { 0: run, index } of text.matchAll(BASE64)) {
      const found = [0, 1, 2, 3].flatMap((skip) => binary(Buffer.from(run.slice(skip), 'base64'), 'base64 '));
      if (/^[\da-f]+$/i.test(run)) found.push(...binary(Buffer.from(run, 'hex'), 'hexadecimal '));
      hits.push(...found.map((hit) => ({ ...hit, offset: index })));
    }
    hits.push(...inRows(bytes, text));
    for (const { canary, encoding, bytes: wanted } of texts) {
      const offset = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(wanted);
      if (offset >= 0) hits.push({ canary, encoding, offset });
    }
    return hits;
  };
}

const scratch = new DataView(new ArrayBuffer(8));
function wordOf(value: number): number {
  scratch.setFloat32(0, value, true);
  return scratch.getUint32(0, true);
}
function wordsOf(value: number): [low: number, high: number] {
  scratch.setFloat64(0, value, true);
  return [scratch.getUint32(0, true), scratch.getUint32(4, true)];
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const held = map.get(key);
  if (held) held.push(value);
  else map.set(key, [value]);
}

function nearest(sorted: readonly { value: number; canary: string }[], wanted: number): string | undefined {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sorted[middle]!.value < wanted * (1 - TEXT_PRECISION)) from = middle + 1;
    else to = middle;
  }
  const found = sorted[from];
  return found && found.value <= wanted * (1 + TEXT_PRECISION) ? found.canary : undefined;
}
