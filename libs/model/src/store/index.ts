export { copyTree } from './copy-tree.ts';
export { folderOf, writeDurably, writeJsonDurably, type Disk, type DiskFile } from './disk.ts';
export type { Dtype, TypedArray } from './dtype.ts';
export { GENERATIONS, openGenerations, type Damaged, type Generation, type Generations } from './generations.ts';
export { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
export { readSealed, writeSealed, type Unsealed } from './sealed-json.ts';
export { decodeSnapshot, encodeSnapshot } from './snapshot.ts';
export type { StoredTensor, TensorFile } from './tensor-file.ts';
