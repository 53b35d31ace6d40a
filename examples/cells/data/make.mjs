/**
 * Packs the example's records: `node make.mjs FOLDER`, where FOLDER holds train.bin, val.bin, test.bin and their boxes, as
 * ATTRIBUTION.md describes them. Nothing is changed but the packing: as the original CIFAR-10 does, training records are
 * dealt to several batch files, here two, in order. Made again, the files have the same bytes.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const RECORD = 1 + 32 * 32 * 3;
const BOX = 4 * 4;

const [source, target = import.meta.dirname] = process.argv.slice(2);
if (source === undefined) {
  console.error('usage: make.mjs FOLDER-OF-RECORDS [FOLDER-TO-WRITE]');
  process.exit(2);
}

const records = readFileSync(join(source, 'train.bin'));
const boxes = readFileSync(join(source, 'train_boxes.f32'));
const half = Math.ceil(records.length / RECORD / 2);
for (const [i, [from, to]] of [
  [0, half],
  [half, records.length / RECORD],
].entries()) {
  write(`data_batch_${i + 1}.bin.gz`, records.subarray(from * RECORD, to * RECORD));
  writeFileSync(join(target, `data_batch_${i + 1}_boxes.f32`), boxes.subarray(from * BOX, to * BOX));
}
for (const split of ['val', 'test']) {
  write(`${split}_batch.bin.gz`, readFileSync(join(source, `${split}.bin`)));
  copyFileSync(join(source, `${split}_boxes.f32`), join(target, `${split}_batch_boxes.f32`));
}

function write(name, bytes) {
  const packed = gzipSync(bytes, { level: 9 });
  writeFileSync(join(target, name), packed);
  console.log(`${name}: ${bytes.length / RECORD} records, ${packed.length} bytes`);
}
