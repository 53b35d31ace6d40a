import { setFlagsFromString } from 'node:v8';
import { relaxed, simd } from './built.ts';

/** What TypeScript's library for Node leaves out of `WebAssembly`. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** ../../kernels, as built. Pointers are byte offsets. */
export interface KernelExports {
  accumulate(sum: number, row: number, n: number, weight: number): void;
  roundScaled(out: number, sum: number, n: number, scale: number): void;
  squares(lanes: number, row: number, n: number): void;
  sumRows(...all: [out: number, acc: number, n: number, table: number, count: number]): void;
  sumTile(
    ...all: [out: number, acc: number, from: number, n: number, table: number, count: number, fresh: number]
  ): void;
  gramColumns(...all: [acc: number, table: number, rows: number, from: number, n: number]): void;
  gramReduce(gramian: number, acc: number, rows: number, count: number): void;
  sgd(...pointersAndNumbers: number[]): void;
  momentum(...pointersAndNumbers: number[]): void;
  adaptive(...pointersAndNumbers: number[]): void;
  encodeFloat16(out: number, from: number, n: number): void;
  decodeFloat16(out: number, from: number, n: number): void;
  encodeBfloat16(out: number, from: number, n: number): void;
  decodeBfloat16(out: number, from: number, n: number): void;
  encodeInt8(codes: number, values: number, residual: number, n: number): number;
  decodeInt8(out: number, codes: number, n: number, scale: number): void;
  add(sum: number, values: number, n: number): void;
  velocity(...all: [residual: number, moving: number, values: number, n: number, keep: number]): void;
  histogram(counters: number, values: number, n: number): void;
  gather(...all: [places: number, found: number, values: number, n: number, first: number, least: number]): number;
  deltaTables(at: number): void;
  encodeDelta(...all: [tables: number, tags: number, out: number, before: number, now: number, n: number]): number;
  decodeDelta(...all: [tables: number, out: number, before: number, tags: number, from: number, n: number]): number;
  medians(...all: [out: number, table: number, count: number, n: number, sorted: number]): void;
  trimmedMeans(...all: [out: number, table: number, count: number, n: number, sorted: number, cut: number]): void;
}

/** One instance of the kernels with a memory of its own that never grows, so that views of it stay. */
export interface Engine {
  readonly run: KernelExports;
  readonly bytes: Uint8Array;
  readonly data: DataView;
}

/** Where an engine keeps what lies between two calls: 0 is nobody's, so that it can stand for `none`. */
export const PLACE = {
  /** 16 bytes a row: address, weight. */
  table: 1024,
  lanes: 17408,
  /** 4096 float64. */
  sums: 20480,
  pairs: 53248,
  gramian: 118784,
  /** 16 bytes a row. */
  sorted: 151552,
  /** 32768 counters. */
  counters: 172032,
  /** What differences look up, written once. */
  tables: 303104,
  /** Vectors. */
  free: 315392,
} as const;
/** Rows that the table holds. */
export const TABLE_ROWS = 1024;
/** Rows whose pairs fit in `pairs`. */
export const PAIRED_ROWS = 64;

const PAGE = 65536;
/** A memory's addresses are 32 bits. */
export const MOST_BYTES = PAGE * PAGE - PLACE.free;

/** Makes engines, or is null where this machine has no WebAssembly SIMD. Compiles once. */
export function engineMaker(): ((bytes: number) => Engine) | null {
  const module = compiled();
  if (!module) return null;
  return (bytes) => {
    const pages = Math.ceil((PLACE.free + bytes) / PAGE);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const run = exports as KernelExports;
    run.deltaTables(PLACE.tables);
    return {
      run,
      bytes: new Uint8Array(memory.buffer),
      data: new DataView(memory.buffer),
    };
  };
}

function compiled(): object | null {
  if (typeof WebAssembly !== 'object') return null;
  const fused = bytesOf(relaxed.base64);
  // Node 20 has relaxed SIMD, but asks for the flag; later ones have it without, and do not know the flag any more.
  if (!WebAssembly.validate(fused) && process.versions.node.startsWith('20.')) {
    setFlagsFromString('--experimental-wasm-relaxed-simd');
  }
  const usable = [fused, bytesOf(simd.base64)].find((bytes) => WebAssembly.validate(bytes));
  return usable ? new WebAssembly.Module(usable) : null;
}

const bytesOf = (base64: string): Uint8Array => Buffer.from(base64, 'base64');
