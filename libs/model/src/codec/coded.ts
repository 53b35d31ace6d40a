import { bytesOf, type Encoding } from '@trunkline/protocol';

/** Values as they travel. */
export interface Coded {
  readonly bytes: Uint8Array;
  readonly encoding: Encoding;
}

/** What no codec carries: values that are not finite, or beyond its range, stay what they are. A view, no copy. */
export const asFloat32 = (values: Float32Array): Coded => ({ bytes: bytesOf(values), encoding: 'f32' });
