/** One field of a message: a number where it was written as a varint, else its bytes. */
export interface Field {
  readonly number: number;
  readonly value: number | Uint8Array;
}

/**
 * Fields of a message in their order (protobuf.dev, "Encoding"), embedded messages unread. A whole number past 2^53 loses its last digits.
 * @returns null for what is no message, or cut short
 */
export function fieldsOf(message: Uint8Array): Field[] | null {
  const fields: Field[] = [];
  let at = 0;
  while (at < message.length) {
    const key = varint();
    const length = key === null ? null : lengthOf(key & 7);
    if (key === null || length === null) return null;
    if ((key & 7) === 0) {
      fields.push({ number: Math.floor(key / 8), value: length });
      continue;
    }
    if (at + length > message.length) return null;
    fields.push({ number: Math.floor(key / 8), value: message.subarray(at, at + length) });
    at += length;
  }
  return fields;

  /** Of a value that is a varint itself, the value. */
  function lengthOf(type: number): number | null {
    if (type === 0 || type === 2) return varint();
    return type === 1 ? 8 : type === 5 ? 4 : null;
  }

  function varint(): number | null {
    let value = 0;
    for (let place = 1; place < 2 ** 64 && at < message.length; place *= 128) {
      const byte = message[at++]!;
      value += (byte & 0x7f) * place;
      if (byte < 0x80) return value;
    }
    return null;
  }
}
