import { createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const FULL_16 = 0xffff;
const FULL_32 = 0xffffffff;
const STORED = 0;
const DEFLATED = 8;

/**
 * @typedef {object} Member one file in a zip archive
 * @property {string} name
 * @property {number} method 0 stored, 8 deflated
 * @property {number} packed bytes in the archive
 * @property {number} size bytes once unpacked
 * @property {number} offset of its local header
 */

/**
 * Reads the list of members of a zip archive, zip64 included (PKWARE APPNOTE 6.3.10, §4.3).
 * @param {import('node:fs/promises').FileHandle} file
 * @returns {Promise<Member[]>}
 */
async function readMembers(file) {
  const { size } = await file.stat();
  const tail = await readAt(file, Math.max(0, size - FULL_16 - 22), Math.min(size, FULL_16 + 22));
  let end = tail.length - 22;
  while (end >= 0 && tail.readUInt32LE(end) !== END) end--;
  if (end < 0) throw new Error('not a zip archive: no end record');
  let count = tail.readUInt16LE(end + 10);
  let length = tail.readUInt32LE(end + 12);
  let start = tail.readUInt32LE(end + 16);
  if (end >= 20 && tail.readUInt32LE(end - 20) === LOCATOR_64) {
    const record = await readAt(file, Number(tail.readBigUInt64LE(end - 12)), 56);
    if (record.readUInt32LE(0) !== END_64) throw new Error('not a zip archive: broken zip64 record');
    count = Number(record.readBigUInt64LE(32));
    length = Number(record.readBigUInt64LE(40));
    start = Number(record.readBigUInt64LE(48));
  }
  if (start + length > size) throw new Error('not a zip archive: its directory ends past the file');
  const directory = await readAt(file, start, length);
  const members = [];
  for (let at = 0; members.length < count;) {
    if (directory.readUInt32LE(at) !== ENTRY) throw new Error('not a zip archive: broken directory');
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    const member = {
      name: directory.toString('utf8', at + 46, nameEnd),
      method: directory.readUInt16LE(at + 10),
      packed: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      offset: directory.readUInt32LE(at + 42),
    };
    widen(member, directory.subarray(nameEnd, extraEnd));
    members.push(member);
    at = extraEnd + directory.readUInt16LE(at + 32);
  }
  return members;
}

/** Fills in the fields that did not fit 32 bits from the zip64 extra field (id 1): size, packed, offset, in this order. */
function widen(member, extra) {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let value = at + 4;
    for (const field of ['size', 'packed', 'offset']) {
      if (member[field] !== FULL_32) continue;
      member[field] = Number(extra.readBigUInt64LE(value));
      value += 8;
    }
  }
}

/**
 * Unpacks the members for which `wanted(name)` holds into `folder`, keeping their paths, one stream each and never a whole
 * member in memory.
 * @param {string} archive
 * @param {string} folder
 * @param {{ wanted: (name: string) => boolean, onBytes?: (bytes: number) => void }} options
 * @returns {Promise<string[]>} names of what was unpacked
 */
export async function unpack(archive, folder, { wanted, onBytes = () => {} }) {
  const file = await open(archive, 'r');
  try {
    const members = (await readMembers(file)).filter(({ name }) => wanted(name) && !name.endsWith('/'));
    // Two at a time: inflating runs on a thread of its own, and two large libraries make up nearly all of a wheel.
    const queue = [...members].sort((a, b) => b.size - a.size);
    const work = async () => {
      for (let member = queue.shift(); member; member = queue.shift())
        await unpackMember(file, member, folder, onBytes);
    };
    await Promise.all([work(), work()]);
    return members.map(({ name }) => name);
  } finally {
    await file.close();
  }
}

async function unpackMember(file, member, folder, onBytes) {
  const { name, method, packed, size, offset } = member;
  if (name.split(/[\\/]/).includes('..') || /^([\\/]|[A-Za-z]:)/.test(name))
    throw new Error(`unsafe path in archive: ${name}`);
  if (method !== STORED && method !== DEFLATED) throw new Error(`${name}: unknown compression method ${method}`);
  const head = await readAt(file, offset, 30);
  if (head.readUInt32LE(0) !== LOCAL) throw new Error(`${name}: broken local header`);
  const start = offset + 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
  const target = join(folder, name);
  await mkdir(dirname(target), { recursive: true });
  let written = 0;
  const count = new Transform({
    transform(chunk, _encoding, done) {
      written += chunk.length;
      onBytes(chunk.length);
      done(written > size ? new Error(`${name}: larger than announced`) : null, chunk);
    },
  });
  const output = createWriteStream(target, { highWaterMark: 1 << 20 });
  await pipeline([
    slices(file, start, packed),
    ...(method === DEFLATED ? [createInflateRaw({ chunkSize: 1 << 20 })] : []),
    count,
    output,
  ]);
  if (written !== size) throw new Error(`${name}: ${written} bytes instead of ${size}`);
}

async function* slices(file, start, length) {
  for (let done = 0; done < length;) {
    const slice = await readAt(file, start + done, Math.min(1 << 20, length - done));
    done += slice.length;
    yield slice;
  }
}

async function readAt(file, position, length) {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  if (bytesRead !== length) throw new Error('the archive ends too early');
  return buffer;
}
