import { fail } from '@trunkline/protocol';
import { sizeOf } from '../layout.ts';
import { arrayOf, bytesOf, dtypeOf, dtypes, sizeOfDtype } from './dtype.ts';
import { readHeader } from './safetensors-header.ts';
import { LARGEST_HEADER, METADATA, type StoredTensor, type TensorFile } from './tensor-file.ts';

/**
 * A safetensors file: 8 bytes little-endian length, a JSON header, the tensors' bytes. The same tensors and metadata give the same
 * bytes whatever the order of their keys: tensors by type, widest first, then by name, the header padded with spaces to 8 bytes, as
 * the format's own library (huggingface/safetensors) writes them.
 * @throws UNEXPECTED when a shape does not fit its values, a name is the metadata's, or the header is too long
 */
export function encodeSafetensors({ tensors, metadata }: TensorFile): Uint8Array {
  const placed = Object.entries(tensors)
    .map(([name, tensor]) => ({ name, ...tensor, dtype: checkedDtype(name, tensor) }))
    .sort((a, b) => dtypes.indexOf(a.dtype) - dtypes.indexOf(b.dtype) || (a.name < b.name ? -1 : 1));
  let end = 0;
  const texts = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  const fields: [string, unknown][] = texts.length === 0 ? [] : [[METADATA, Object.fromEntries(texts)]];
  for (const { name, dtype, shape, values } of placed) {
    const begin = end;
    end += values.byteLength;
    fields.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  // Not Object.fromEntries and one stringify: names such as `2` would move to the front.
  const json = `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
  const header = new TextEncoder().encode(json);
  const padded = Math.ceil(header.length / 8) * 8;
  if (padded > LARGEST_HEADER) {
    throw fail('UNEXPECTED', {
      what: `a header of ${padded} bytes cannot be saved; at most ${LARGEST_HEADER} are possible`,
    });
  }
  const bytes = new Uint8Array(8 + padded + end).fill(0x20, 8, 8 + padded);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(header, 8);
  let at = 8 + padded;
  for (const { values } of placed) {
    bytes.set(bytesOf(values), at);
    at += values.byteLength;
  }
  return bytes;
}

function checkedDtype(name: string, { shape, values }: StoredTensor) {
  const dtype = dtypeOf(values);
  if (dtype === undefined || name === METADATA || sizeOf(shape) * sizeOfDtype(dtype) !== values.byteLength) {
    throw fail('UNEXPECTED', {
      what: `tensor \`${name}\` of shape [${shape.join(', ')}] with ${values.length} values cannot be saved`,
    });
  }
  return dtype;
}

/**
 * The tensors and metadata of a safetensors file, copied out of `bytes`. Nothing is allocated that the file's own size does not bound.
 * @param file what to call it in an error
 * @throws SNAPSHOT_BROKEN when it is not exactly a safetensors file, or has a type without a typed array (F16, BF16, BOOL)
 */
export const decodeSafetensors = (bytes: Uint8Array, file = 'The file'): TensorFile =>
  readSafetensors(bytes, (problem, cause) => fail('SNAPSHOT_BROKEN', { file, problem }, cause));

/** The same of a file that is no snapshot. @param broken makes the error */
export function readSafetensors(bytes: Uint8Array, broken: (problem: string, cause?: unknown) => Error): TensorFile {
  const { entries, metadata, dataStart } = readHeader(bytes, broken);
  const tensors = entries.map(({ name, dtype, shape, begin, end }): [string, StoredTensor] => [
    name,
    { shape, values: arrayOf(dtype, bytes.subarray(dataStart + begin, dataStart + end)) },
  ]);
  return { tensors: Object.fromEntries(tensors), metadata };
}
