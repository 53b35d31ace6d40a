import * as zlib from 'node:zlib';
import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet';
import { fail } from '@trunkline/protocol';
import { openTable } from './csv.ts';
import type { Table } from './csv-table.ts';
import { reasonOf, type OpenContext } from './files.ts';
import type { ParquetConfig, SplitConfig } from './schema.ts';
import type { Source } from './source.ts';

/** Opens parquet files as a source, as `csv` reads a table. @throws as `openTable` does */
export const openParquet = (
  config: ParquetConfig,
  split: SplitConfig | undefined,
  context: OpenContext,
): Promise<Source> => openTable(config, split, { kind: 'parquet', parse: parseParquet, context });

/** Decompression that Node has; snappy is the reader's own. Zstandard needs Node 22.15. */
const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (bytes: Uint8Array) => Uint8Array };
const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);
const compressors = {
  GZIP: (bytes: Uint8Array) => plain(zlib.gunzipSync(bytes)),
  BROTLI: (bytes: Uint8Array) => plain(zlib.brotliDecompressSync(bytes)),
  ...(zstdDecompressSync ? { ZSTD: (bytes: Uint8Array) => plain(zstdDecompressSync(bytes)) } : {}),
};

/**
 * The cells of a parquet file as texts: numbers so that they read back exactly, truth as 0 and 1, dates and times as days since 1970, null as
 * a gap. A column of lists or structures must be dropped; dropped columns are not read.
 * @throws DATA_FILE_BROKEN
 */
export async function parseParquet(
  bytes: Uint8Array,
  { file, drop = [] }: { readonly file: string; readonly drop?: readonly string[] | undefined },
): Promise<Table> {
  const broken = (problem: string, cause?: unknown) =>
    fail('DATA_FILE_BROKEN', { file, format: 'parquet', problem }, cause);
  const { buffer } = new Uint8Array(bytes);
  try {
    const metadata = parquetMetadata(buffer);
    const { children } = parquetSchema(metadata);
    const names = children.map(({ element }) => element.name);
    const nested = children.find(({ element, children: inner }) => inner.length > 0 && !drop.includes(element.name));
    if (nested)
      throw broken(`its column \`${nested.element.name}\` holds lists or structures; list it under \`drop\`.`);
    const columns = names.filter((name) => !drop.includes(name));
    const records = await parquetReadObjects({ file: buffer, metadata, columns, compressors });
    const rows = records.map((record) => names.map((name) => cellOf(record[name])));
    return { file, names, rows, lines: rows.map((_, row) => row + 1), unit: 'row', skipped: [] };
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'DATA_FILE_BROKEN') throw cause;
    throw broken(`${reasonOf(cause)}.`, cause);
  }
}

const DAY_MS = 86_400_000;

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (value instanceof Date) return String(value.getTime() / DAY_MS);
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  throw new Error(
    `a cell holds ${Object.prototype.toString.call(value).slice(8, -1)}, which is neither number nor text`,
  );
}
