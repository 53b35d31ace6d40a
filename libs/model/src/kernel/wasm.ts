import { adaptiveNumbers } from './adaptive-numbers.ts';
import { decodeDelta, encodeDelta } from './delta.ts';
import { engineMaker, MOST_BYTES, PAIRED_ROWS, PLACE, TABLE_ROWS, type Engine } from './engine.ts';
import type { Kernels } from './kernels.ts';
import { largestOf } from './largest.ts';
import {
  bytesAt,
  copyOut,
  overLanes,
  paddedTo,
  slot,
  SLOTS,
  SPAN,
  STAGE_BYTES,
  type Call,
  type Vector,
} from './lanes.ts';
import { addLanes, plain } from './plain.ts';
import { createRoom } from './room.ts';

/** Rows that a kernel adds in one pass. */
const TILE = 8;
/** Columns of a Gramian's block. */
const BLOCK = 4096;

/** The kernels in WebAssembly SIMD; null where the machine has none. */
export function wasmKernels(): Kernels | null {
  const make = engineMaker();
  const first = make && attempt(() => make(STAGE_BYTES));
  if (!make || !first) return null;
  const homes = new WeakMap<ArrayBufferLike, Engine>();
  /** The engine in whose memory all of these lie. */
  const homeOf = (vectors: readonly Vector[]): Engine | undefined => {
    const buffer = vectors[0]?.buffer;
    return buffer && vectors.every((vector) => vector.buffer === buffer) ? homes.get(buffer) : undefined;
  };
  /** The engine in whose memory the last of them lies that lies in one; where none does, the one that copies. */
  const nearest = (vectors: readonly Vector[]): Engine =>
    vectors.map(({ buffer }) => homes.get(buffer)).findLast((engine) => engine !== undefined) ?? first;
  const over = (vectors: readonly Vector[], call: Omit<Call, 'vectors'>) =>
    overLanes(nearest(vectors), { vectors, ...call });

  /** Σ where not all lies in one room: tile by tile of SPAN columns, so that any number of rows needs the same memory. */
  const copiedSum = (rows: readonly Float32Array[], weights: ArrayLike<number>, into: Float32Array) => {
    const engine = nearest(rows);
    for (let from = 0; from < into.length; from += SPAN) {
      const size = Math.min(SPAN, into.length - from);
      for (let k = 0; k === 0 || k < rows.length; k += TILE) {
        const tile = rows.slice(k, k + TILE);
        tile.forEach((row, place) => {
          const here = row.buffer === engine.bytes.buffer;
          if (!here) engine.bytes.set(bytesAt(row, from, size), slot(place));
          enter(engine, place, here ? row.byteOffset + from * 4 : slot(place), weights[k + place]!);
        });
        const out = k + TILE >= rows.length ? slot(TILE) : 0;
        engine.run.sumTile(out, PLACE.sums, 0, size, PLACE.table, tile.length, k === 0 ? 1 : 0);
      }
      copyOut(engine, slot(TILE), bytesAt(into, from, size));
    }
  };
  const columns = (
    rows: readonly Float32Array[],
    run: (engine: Engine, out: number, n: number) => void,
  ): Float64Array => {
    const out = new Float64Array(rows[0]!.length);
    over([out, ...rows], {
      written: 1,
      unit: 4,
      run(engine, [to, ...from], n) {
        from.forEach((pointer, k) => enter(engine, k, pointer, 1));
        run(engine, to!, n);
      },
    });
    return out;
  };

  return {
    name: 'wasm',
    room(bytes) {
      const engine = attempt(() => make(Math.min(STAGE_BYTES + bytes, MOST_BYTES)));
      return engine ? createRoom(engine, homes) : plain.room(bytes);
    },
    weightedSum(rows, weights, into) {
      if (rows.some(({ length }) => length !== into.length)) return plain.weightedSum(rows, weights, into);
      const home = rows.length <= TABLE_ROWS ? homeOf([into, ...rows]) : undefined;
      if (!home) return copiedSum(rows, weights, into);
      rows.forEach((row, k) => enter(home, k, row.byteOffset, weights[k]!));
      home.run.sumRows(into.byteOffset, PLACE.sums, into.length, PLACE.table, rows.length);
    },
    gramian(rows) {
      const length = rows[0]?.length ?? 0;
      if (rows.length > PAIRED_ROWS || length === 0 || rows.some((row) => row.length !== length)) {
        return plain.gramian(rows);
      }
      const home = homeOf(rows);
      const engine = home ?? first;
      const count = rows.length;
      const even = count + (count % 2);
      engine.bytes.fill(0, PLACE.pairs, PLACE.pairs + even * even * 16);
      engine.bytes.fill(0, PLACE.gramian, PLACE.gramian + count * count * 8);
      const span = home ? BLOCK : SPAN;
      const lastRow = count - 1;
      for (let k = 0; k < even; k++) {
        const place = Math.min(k, lastRow);
        enter(engine, k, home ? rows[place]!.byteOffset : slot(place), 1);
      }
      for (let from = 0; from < length; from += span) {
        const size = Math.min(span, length - from);
        if (!home) rows.forEach((row, k) => engine.bytes.set(bytesAt(row, from, size), slot(k)));
        engine.run.gramColumns(PLACE.pairs, PLACE.table, even, home ? from : 0, size);
        const over = from + size === length || (from + size) % BLOCK === 0;
        if (over) engine.run.gramReduce(PLACE.gramian, PLACE.pairs, even, count);
      }
      const gramian = new Float64Array(engine.bytes.slice(PLACE.gramian, PLACE.gramian + count * count * 8).buffer);
      for (let i = 0; i < count; i++) {
        for (let j = 0; j < i; j++) gramian[i * count + j] = gramian[j * count + i]!;
      }
      return gramian;
    },
    accumulate(sum, row, weight) {
      over([sum, row], {
        written: 1,
        unit: 1,
        run: ({ run }, [to, from], n) => run.accumulate(to!, from!, n, weight),
      });
    },
    roundScaled(sum, scale, into) {
      over([into, sum], {
        written: 1,
        unit: 1,
        run: ({ run }, [to, from], n) => run.roundScaled(to!, from!, n, scale),
      });
    },
    sumOfSquares(row) {
      const engine = nearest([row]);
      const lanes = engine.bytes.subarray(PLACE.lanes, PLACE.lanes + 64).fill(0);
      over([row], { written: 0, unit: 1, run: ({ run }, [from], n) => run.squares(PLACE.lanes, from!, n) });
      return addLanes(new Float64Array(lanes.slice().buffer));
    },
    medians(rows) {
      if (rows.length >= SLOTS) return plain.medians(rows);
      return columns(rows, ({ run }, out, n) => run.medians(out, PLACE.table, rows.length, n, PLACE.sorted));
    },
    trimmedMeans(rows, cut) {
      if (rows.length >= SLOTS) return plain.trimmedMeans(rows, cut);
      return columns(rows, ({ run }, out, n) => run.trimmedMeans(out, PLACE.table, rows.length, n, PLACE.sorted, cut));
    },
    sgd(values, gradient, { rate, scale, weightDecay }) {
      over([values, gradient], {
        written: 1,
        unit: 2,
        run: ({ run }, [v, g], n) => run.sgd(v!, g!, n, rate, scale, weightDecay),
      });
    },
    momentum(values, gradient, m, { rate, scale, weightDecay, momentum, nesterov }) {
      over([values, m, gradient], {
        written: 2,
        unit: 2,
        run: ({ run }, [v, buffer, g], n) =>
          run.momentum(v!, g!, buffer!, n, rate, scale, weightDecay, momentum, nesterov ? 1 : 0),
      });
    },
    adaptive(values, gradient, { m, v }, given) {
      const numbers = Object.values(adaptiveNumbers(given));
      const moments = m ? [v, m] : [v];
      over([values, ...moments, gradient], {
        written: 1 + moments.length,
        unit: 4,
        run({ run }, pointers, n) {
          const [value, square, mean] = m ? pointers : [...pointers.slice(0, 2), 0];
          run.adaptive(value!, pointers.at(-1)!, mean!, square!, n, given.yogi ? 1 : 0, ...numbers);
        },
      });
    },
    encodeFloat16: (values, into) =>
      over([into, values], { written: 1, unit: 8, run: ({ run }, [to, from], n) => run.encodeFloat16(to!, from!, n) }),
    decodeFloat16: (codes, into) =>
      over([into, codes], { written: 1, unit: 4, run: ({ run }, [to, from], n) => run.decodeFloat16(to!, from!, n) }),
    encodeBfloat16: (values, into) =>
      over([into, values], {
        written: 1,
        unit: 8,
        run: ({ run }, [to, from], n) => run.encodeBfloat16(to!, from!, n),
      }),
    decodeBfloat16: (codes, into) =>
      over([into, codes], { written: 1, unit: 4, run: ({ run }, [to, from], n) => run.decodeBfloat16(to!, from!, n) }),
    encodeInt8(values, residual, { codes, scales, chunk }) {
      if (chunk > SPAN) return plain.encodeInt8(values, residual, { codes, scales, chunk });
      const stride = paddedTo(16, chunk);
      let finite = true;
      over([codes, residual, values], {
        written: 2,
        unit: 16,
        block: chunk,
        run({ run }, [code, rest, value], n, from) {
          for (let at = 0, c = from / chunk; finite && at < n; at += stride, c++) {
            const size = Math.min(stride, n - at);
            scales[c] = run.encodeInt8(code! + at, value! + at * 4, rest! + at * 4, size);
            finite = !Number.isNaN(scales[c]!);
          }
        },
      });
      return finite;
    },
    decodeInt8({ codes, scales, chunk }, into) {
      if (chunk > SPAN) return plain.decodeInt8({ codes, scales, chunk }, into);
      const stride = paddedTo(8, chunk);
      over([into, codes], {
        written: 1,
        unit: 8,
        block: chunk,
        run({ run }, [out, code], n, from) {
          for (let at = 0, c = from / chunk; at < n; at += stride, c++) {
            run.decodeInt8(out! + at * 4, code! + at, Math.min(stride, n - at), scales[c]!);
          }
        },
      });
    },
    add: (sum, values) =>
      over([sum, values], { written: 1, unit: 4, run: ({ run }, [to, from], n) => run.add(to!, from!, n) }),
    feedbackVelocity: (residual, velocity, values, keep) =>
      over([residual, velocity, values], {
        written: 2,
        unit: 4,
        run: ({ run }, [to, moving, from], n) => run.velocity(to!, moving!, from!, n, keep),
      }),
    encodeDelta: (before, now, into) => encodeDelta(nearest([before, now]), before, now, into),
    decodeDelta: (before, from, into) => decodeDelta(nearest([before, into]), before, from, into),
    largest: (values, count) => largestOf(nearest([values]), values, count),
  };
}

/** Null where the address space is too small for it (`ulimit -v`): everything goes on without that memory. */
function attempt(make: () => Engine): Engine | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Notes a row in the engine's table. */
function enter({ data }: Engine, place: number, pointer: number, weight: number): void {
  data.setUint32(PLACE.table + place * 16, pointer, true);
  data.setFloat64(PLACE.table + place * 16 + 8, weight, true);
}
