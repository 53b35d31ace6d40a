import { open } from 'node:fs/promises';

export interface ImageHeader {
  readonly format: 'png' | 'jpeg';
  readonly width: number;
  readonly height: number;
}

/** How much of a file's beginning and end is looked at; a header behind a longer preface is looked for in the whole file. */
const HEAD = 65_536;
const TAIL = 4_096;
/** Images of more pixels are not decoded. */
const MOST_PIXELS = 100_000_000;

/**
 * An image's format and size from its header, without decoding it, or what is wrong with the file in words. A missing end is
 * noticed too, for that is what broken copies lack.
 */
export async function readImageHeader(path: string): Promise<ImageHeader | string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size === 0) return 'the file is empty.';
    const part = async (from: number, length: number) =>
      (await file.read(Buffer.alloc(length), 0, length, from)).buffer.subarray(0, length);
    const head = await part(0, Math.min(size, HEAD));
    const tail = size <= HEAD ? head.subarray(-TAIL) : await part(size - TAIL, TAIL);
    const header = headerIn(head) ?? (size > HEAD ? headerIn(await part(0, size)) : undefined);
    if (header === undefined) return isJpeg(head) ? 'it has no frame.' : 'it is neither PNG nor JPEG.';
    const { format, width, height } = header;
    if (width === 0 || height === 0) return `its size is ${width} x ${height} pixels.`;
    if (width * height > MOST_PIXELS) return `its size is ${width} x ${height} pixels; 100 million are the limit.`;
    const ends = format === 'png' ? tail.includes('IEND') : tail.includes(Buffer.from([0xff, 0xd9]));
    return ends ? header : `it is cut off: its ${size} bytes hold no end.`;
  } finally {
    await file.close();
  }
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const isJpeg = (bytes: Buffer) => bytes[0] === 0xff && bytes[1] === 0xd8;

/** The header at the beginning of `bytes`; undefined if there is none, or a JPEG's lies further on. */
export function headerIn(bytes: Buffer): ImageHeader | undefined {
  if (bytes.length >= 24 && bytes.subarray(0, 8).equals(PNG)) {
    return { format: 'png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  }
  if (!isJpeg(bytes)) return undefined;
  for (let at = 2; at + 9 <= bytes.length;) {
    const marker = bytes[at + 1]!;
    if (bytes[at] !== 0xff) return undefined;
    if (marker === 0xff) {
      at += 1;
    } else if (isFrame(marker)) {
      return { format: 'jpeg', height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    } else {
      at += 2 + bytes.readUInt16BE(at + 2);
    }
  }
  return undefined;
}

/** SOF0 to SOF15, without DHT, JPG and DAC, which lie between them (ITU-T T.81, table B.1). */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
