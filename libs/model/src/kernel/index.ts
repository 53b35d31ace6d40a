import type { Kernels, Room } from './kernels.ts';
import { plain } from './plain.ts';
import { ordinaryRoom } from './room.ts';
import { wasmKernels } from './wasm.ts';

let chosen: Kernels | undefined;

/** The kernels of this process, chosen at the first call: WebAssembly SIMD where the machine has it, else TypeScript. The bits are the same. */
export const kernels = (): Kernels => (chosen ??= wasmKernels() ?? plain);

/** Of vectors shorter than this the copies cost less than a room does. */
const WORTH_A_ROOM = 4096;

/** Memory for so many float32 vectors of one length that are worked on together. */
export const roomFor = (vectors: number, length: number): Room =>
  length < WORTH_A_ROOM ? ordinaryRoom : kernels().room(vectors * (4 * length + 8192));

export { plain } from './plain.ts';
export { ordinaryRoom } from './room.ts';
export { wasmKernels } from './wasm.ts';
export type * from './kernels.ts';
