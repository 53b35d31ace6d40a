import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conforms } from './conformance.ts';
import { openSource } from './open.ts';
import { parseParquet } from './parquet.ts';
import { dataSchema } from './schema.ts';
import { SPLITS } from './source.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'trunkline-parquet-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const at = (path: readonly (string | number)[]) => `client.yaml:${path.join('.')}`;
const open = (data: unknown) => openSource(dataSchema.parse(data), { folder: fixtures, at });
const kinds = (name: string, drop?: string[]) =>
  parseParquet(readFileSync(join(fixtures, `kinds-${name}.parquet`)), { file: 'kinds.parquet', drop });

describe('parquet', () => {
  const grades = { targets: ['G3', 'school'], drop: ['G1', 'G2'] };
  const split = { stratify: 'school', seed: 3 };
  const students = { parquet: { file: 'students.parquet', ...grades }, split };
  conforms(() => open(students), {
    inputShape: [54],
    sizes: { train: 70, validation: 15, test: 15 },
    targets: { G3: { kind: 'number', shape: [] }, school: { kind: 'text', shape: [] } },
  });

  it('gives what the csv gives from which pyarrow made it, to the last bit', async () => {
    const [one, other] = [
      await open(students),
      await open({ csv: { file: 'students.csv', delimiter: ';', ...grades }, split }),
    ];
    for (const which of SPLITS) {
      const rows = Array.from({ length: one.sizes[which] }, (_, row) => row);
      expect(await one.read(which, rows)).toEqual(await other.read(which, rows));
    }
  });

  it('reads numbers exactly, truth as 0 and 1, days since 1970, null as a gap, and no dropped column', async () => {
    const { names, rows, lines } = await kinds('gzip', ['list']);
    expect(names).toEqual(['whole', 'half', 'flag', 'day', 'word', 'list', 'y']);
    expect(rows.slice(0, 3)).toEqual([
      ['1099511627776', '', '1', '20454', 'a', '', '0'],
      ['1099511627777', '0.25', '0', '20455', 'b', '', '1'],
      ['1099511627778', '0.5', '1', '20456', '', '', '0'],
    ]);
    expect([rows.length, lines[11]]).toEqual([12, 12]);
  });

  it('refuses a column of lists by its name, unless it is dropped', async () => {
    await expect(kinds('gzip')).rejects.toThrow(/`list` holds lists or structures; list it under `drop`/);
  });

  it.skipIf('zstdDecompressSync' in zlib)('says which compression it cannot read', async () => {
    await expect(kinds('zstd', ['list'])).rejects.toMatchObject({ code: 'DATA_FILE_BROKEN', message: /ZSTD/ });
  });

  it.each([
    ['a file cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 40)],
    ['a csv', () => Buffer.from('x,y\n1,2\n')],
    ['an empty file', () => Buffer.alloc(0)],
  ])('refuses %s, naming the file', async (_, spoil) => {
    const file = join(folder, 'spoilt.parquet');
    writeFileSync(file, spoil(readFileSync(join(fixtures, 'students.parquet'))));
    await expect(open({ parquet: { file, targets: ['G3'] } })).rejects.toMatchObject({
      code: 'DATA_FILE_BROKEN',
      message: expect.stringContaining('spoilt.parquet') as string,
    });
  });

  it('names a missing column, and where the client file names it', async () => {
    await expect(open({ parquet: { file: 'students.parquet', targets: ['G4'] } })).rejects.toMatchObject({
      code: 'DATA_COLUMN_MISSING',
      message: expect.stringContaining('client.yaml:parquet.targets') as string,
    });
  });
});
