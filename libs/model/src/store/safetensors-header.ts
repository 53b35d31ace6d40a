import { z } from 'zod';
import { dtypes, sizeOfDtype, type Dtype } from './dtype.ts';
import { LARGEST_HEADER, METADATA } from './tensor-file.ts';

/** A tensor's entry: which bytes after the header are its. */
export interface Entry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  /** In the order of their bytes. */
  readonly entries: readonly Entry[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the tensors' bytes begin in the file. */
  readonly dataStart: number;
}

const count = z.int().nonnegative();
const entrySchema = z.strictObject({
  dtype: z.enum(dtypes, { error: `the type is none of ${dtypes.join(', ')}` }),
  shape: z.array(count).max(64),
  data_offsets: z.tuple([count, count]),
});
const metadataSchema = z.record(z.string(), z.string());

/**
 * Reads and checks the header of a safetensors file: a length bounded before anything is allocated, an object of known form, and
 * entries whose bytes fit their shapes and cover the rest of the file exactly once, without gap or overlap. Hence any cut or
 * appended byte is noticed.
 * @param broken makes the error for a problem
 */
export function readHeader(bytes: Uint8Array, broken: (problem: string, cause?: unknown) => Error): Header {
  const dataStart = 8 + headerLength(bytes, broken);
  let json: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, dataStart));
    if (!text.startsWith('{')) throw new SyntaxError('it does not begin with {');
    json = JSON.parse(text);
  } catch (cause) {
    throw broken(`its header is not readable: ${(cause as Error).message}`, cause);
  }
  const fields = Object.entries(json as Record<string, unknown>);
  const metadata = metadataSchema.safeParse(fields.find(([name]) => name === METADATA)?.[1] ?? {});
  if (!metadata.success) throw broken('its metadata are not texts');
  const entries = fields.filter(([name]) => name !== METADATA).map(([name, value]) => entryOf(name, value, broken));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== covered) {
      throw broken(`tensor \`${name}\` begins at byte ${begin}; expected ${covered}, where the one before it ends`);
    }
    covered = end;
  }
  if (dataStart + covered !== bytes.length) {
    throw broken(`it has ${bytes.length} bytes; expected ${dataStart + covered}`);
  }
  return { entries, metadata: metadata.data, dataStart };
}

function headerLength(bytes: Uint8Array, broken: (problem: string) => Error): number {
  if (bytes.length < 8) throw broken(`it has ${bytes.length} bytes; expected at least 8`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  const most = Math.min(bytes.length - 8, LARGEST_HEADER);
  if (length > BigInt(most)) throw broken(`it announces a header of ${length} bytes; at most ${most} are possible`);
  return Number(length);
}

function entryOf(name: string, value: unknown, broken: (problem: string) => Error): Entry {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw broken(`tensor \`${name}\`: ${[...issue.path, issue.message].join(': ')}`);
  }
  const { dtype, shape, data_offsets: offsets } = parsed.data;
  const [begin, end] = offsets;
  const expected = shape.reduce((size, side) => size * side, sizeOfDtype(dtype));
  if (end - begin !== expected) {
    throw broken(`tensor \`${name}\` has ${end - begin} bytes; its shape [${shape.join(', ')}] takes ${expected}`);
  }
  return { name, dtype, shape, begin, end };
}
