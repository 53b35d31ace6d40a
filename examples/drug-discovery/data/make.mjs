/**
 * Makes the four labs' files from Tox21, once: `node --conditions=@trunkline/source --import tsx make.mjs FOLDER`, where
 * FOLDER holds tox21.csv.gz, tox21_ecfp4_1024.bin.gz and tox21_unparsed_rows.txt.
 *
 * Molecules that do not parse are dropped. Molecules with equal fingerprints are one group and stay together: in one lab
 * and in one split. Groups are shuffled with seed 0 and dealt to the labs in turn; of a lab's groups, in that order, the
 * first 70 % are for training, the next 15 % for validation, the rest for the test. Assay k belongs to lab k mod 4. Rows
 * without any of their lab's three labels are left out.
 *
 * Each file holds, for train, val and test: `{split}_fingerprints`, uint8 N x 1024 of 0 and 1, and for each of the lab's
 * assays `{split}_<assay>`, int8 of 0, 1 and -1 (not measured). Made again, the files have the same bytes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { randomStream } from '@trunkline/model/random';

const BITS = 1024;
const LABS = ['a', 'b', 'c', 'd'];
const SPLITS = { train: [0, 0.7], val: [0.7, 0.85], test: [0.85, 1] };
/** The zip format stores local time: a fixed one keeps the bytes the same. */
const MADE = new Date(2020, 0, 1);

const [source, target = import.meta.dirname] = process.argv.slice(2);
if (source === undefined) {
  console.error('usage: make.mjs FOLDER-OF-TOX21 [FOLDER-TO-WRITE]');
  process.exit(2);
}

const { assays, labels } = readLabels(join(source, 'tox21.csv.gz'));
const packed = gunzipSync(readFileSync(join(source, 'tox21_ecfp4_1024.bin.gz')));
if (packed.length !== (labels.length * BITS) / 8) {
  throw new Error(`${labels.length} molecules, but fingerprints for ${(packed.length * 8) / BITS}`);
}
const unparsed = new Set(readFileSync(join(source, 'tox21_unparsed_rows.txt'), 'utf8').trim().split(/\s+/).map(Number));
const fingerprint = (row) => packed.subarray((row * BITS) / 8, ((row + 1) * BITS) / 8);

const groups = groupsOf([...labels.keys()].filter((row) => !unparsed.has(row)));
const dealt = randomStream(0, 'drug-discovery', 'labs')
  .permutation(groups.length)
  .map((i) => groups[i]);

for (const [place, lab] of LABS.entries()) {
  const owned = assays.flatMap((assay, k) => (k % LABS.length === place ? [{ assay, k }] : []));
  const mine = dealt.filter((_, i) => i % LABS.length === place);
  const entries = {};
  for (const [split, [from, to]] of Object.entries(SPLITS)) {
    const rows = mine
      .slice(Math.round(from * mine.length), Math.round(to * mine.length))
      .flat()
      .filter((row) => owned.some(({ k }) => labels[row][k] !== -1));
    entries[`${split}_fingerprints.npy`] = npy('|u1', [rows.length, BITS], Buffer.concat(rows.map(unpack)));
    for (const { assay, k } of owned) {
      const values = rows.map((row) => labels[row][k]);
      entries[`${split}_${assay}.npy`] = npy('|i1', [rows.length], Buffer.from(Int8Array.from(values).buffer));
      const positive = values.filter((value) => value === 1).length;
      const measured = values.filter((value) => value !== -1).length;
      console.log(`lab-${lab} ${split} ${assay}: ${positive} of ${measured} positive, ${rows.length} molecules`);
    }
  }
  const bytes = zipSync(entries, { level: 9, mtime: MADE });
  writeFileSync(join(target, `lab-${lab}.npz`), bytes);
  console.log(`lab-${lab}.npz: ${bytes.length} bytes`);
}

/** Assay names as task ids, and for every molecule its twelve labels: 0, 1, or -1 where the cell is empty. */
function readLabels(file) {
  const [header, ...lines] = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split(/\r?\n/);
  const names = header.split(',').slice(0, 12);
  return {
    assays: names.map((name) => name.toLowerCase()),
    labels: lines.map((line) =>
      line
        .split(',')
        .slice(0, names.length)
        .map((cell) => (cell === '' ? -1 : Number(cell))),
    ),
  };
}

/** Rows by equal fingerprint, in the order of first appearance. */
function groupsOf(rows) {
  const byBits = new Map();
  for (const row of rows) {
    const key = fingerprint(row).toString('hex');
    byBits.set(key, [...(byBits.get(key) ?? []), row]);
  }
  return [...byBits.values()];
}

/** One byte a bit: bit i of a molecule is bit i & 7 of byte i >> 3. */
function unpack(row) {
  const bits = fingerprint(row);
  return Buffer.from(Uint8Array.from({ length: BITS }, (_, i) => (bits[i >> 3] >> (i & 7)) & 1));
}

/** The npy format, version 1.0 (NumPy Enhancement Proposal 1): magic, header padded to 64 bytes, data in C order. */
function npy(descr, shape, data) {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const padded = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + '\n';
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length & 255, padded.length >> 8]);
  return Buffer.concat([start, Buffer.from(padded, 'latin1'), data]);
}
