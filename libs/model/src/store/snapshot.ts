import { fail } from '@trunkline/protocol';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import { lift, settle } from './tree.ts';

/** Version of the form below. */
const FORMAT = '1';

/**
 * A tree of plain JSON and typed arrays as the bytes of a safetensors file that any reader of the format opens: each typed array is a
 * tensor of one axis, named by its path (`optimizer/buffers/m`); the rest is JSON in the metadata `tree`. Numbers come back exactly, −0,
 * NaN and infinities too; keys whose value is undefined are dropped. The same tree gives the same bytes.
 * @throws UNEXPECTED for what is neither: a function, a class instance, a Map, a cycle
 */
export function encodeSnapshot(tree: unknown): Uint8Array {
  const { json, arrays } = lift(tree);
  const tensors = Object.entries(arrays).map(([name, values]) => [name, { shape: [values.length], values }] as const);
  return encodeSafetensors({
    tensors: Object.fromEntries(tensors),
    metadata: { snapshot: FORMAT, tree: JSON.stringify(json) },
  });
}

/**
 * The tree that `encodeSnapshot` was given, in new arrays. Objects come back as plain ones.
 * @param file what to call it in an error
 * @throws SNAPSHOT_BROKEN when a byte is missing or too many, or the content is not such a tree. Changed bytes inside a tensor are
 *   not noticed here: a checkpoint's SHA-256 is for that
 */
export function decodeSnapshot(bytes: Uint8Array, file = 'The snapshot'): unknown {
  const broken = (problem: string, cause?: unknown) => fail('SNAPSHOT_BROKEN', { file, problem }, cause);
  const { tensors, metadata } = decodeSafetensors(bytes, file);
  if (metadata['snapshot'] !== FORMAT) {
    throw broken(`it says snapshot format ${metadata['snapshot'] ?? 'none'}; this version reads ${FORMAT}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(metadata['tree'] ?? '');
  } catch (cause) {
    throw broken('its tree is not JSON', cause);
  }
  const arrays = Object.entries(tensors).map(([name, { values }]) => [name, values] as const);
  return settle({ json, arrays: Object.fromEntries(arrays) }, broken);
}
