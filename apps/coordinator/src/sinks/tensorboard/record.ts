import { crc32c } from './crc32c.ts';

/** A CRC of data that holds CRCs itself says little: TensorFlow turns it by 15 bits and adds a constant (tensorflow/core/lib/hash/crc32c.h). */
const masked = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
};

/**
 * One record of a TFRecord file: length (8 bytes), its masked CRC (4), the data, its masked CRC (4); numbers little-endian
 * (tensorflow.org, "TFRecord and tf.train.Example").
 */
export function tfRecord(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16 + data.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, masked(data), true);
  return bytes;
}
