import type { Shape } from '../layout.ts';
import type { TypedArray } from './dtype.ts';

export interface StoredTensor {
  readonly shape: Shape;
  readonly values: TypedArray;
}

/** What a safetensors file holds. */
export interface TensorFile {
  readonly tensors: Readonly<Record<string, StoredTensor>>;
  /** Free texts. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The header's key for the metadata; no tensor can have this name. */
export const METADATA = '__metadata__';

/** Bytes of a header at most, as the format's own readers require. */
export const LARGEST_HEADER = 100_000_000;
