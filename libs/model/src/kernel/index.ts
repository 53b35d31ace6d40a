import type { Kernels } from './kernels.ts';
import { plain } from './plain.ts';
import { wasmKernels } from './wasm.ts';

let chosen: Kernels | undefined;

/** The kernels of this process, chosen at the first call: WebAssembly SIMD where the machine has it, else TypeScript. The bits are the same. */
export const kernels = (): Kernels => (chosen ??= wasmKernels() ?? plain);

export { plain } from './plain.ts';
export { ordinaryRoom } from './room.ts';
export { wasmKernels } from './wasm.ts';
export type * from './kernels.ts';
