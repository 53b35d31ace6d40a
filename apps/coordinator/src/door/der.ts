/** The few forms of DER (ITU-T X.690, 2021) that a certificate is made of. */

/** One value: its tag, its length, its content. */
export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), body]);
  const size = length < 0x100 ? [length] : [length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, 0x80 | size.length, ...size]), body]);
}

export const sequence = (...content: readonly Uint8Array[]): Buffer => der(0x30, ...content);
export const octets = (content: Uint8Array): Buffer => der(0x04, content);
/** Whole bytes only. */
export const bits = (content: Uint8Array): Buffer => der(0x03, Buffer.from([0]), content);
export const text = (content: string): Buffer => der(0x0c, Buffer.from(content, 'utf8'));
export const yes = der(0x01, Buffer.from([0xff]));

/** A number ≥ 0 from its bytes, highest first. */
export function integer(content: Uint8Array): Buffer {
  const first = content.findIndex((byte) => byte !== 0);
  const short = first < 0 ? Buffer.from([0]) : content.subarray(first);
  return der(0x02, short[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), short]) : short);
}

/** An object identifier as people write it: `1.2.840.10045.4.3.2`. */
export function oid(dotted: string): Buffer {
  const [one = 0, two = 0, ...rest] = dotted.split('.').map(Number);
  const arc = (value: number): number[] => {
    const bytes = [value & 0x7f];
    for (let left = value >>> 7; left > 0; left >>>= 7) bytes.unshift(0x80 | (left & 0x7f));
    return bytes;
  };
  return der(0x06, Buffer.from([one * 40 + two, ...rest.flatMap(arc)]));
}

/** To the second, UTC: GeneralizedTime from 2050 on, UTCTime before (RFC 5280 §4.1.2.5). */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/\.\d+|[-:T]/g, '');
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}
