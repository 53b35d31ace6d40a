/** Bits of the exponent: all of them set, a number is infinite or none. */
const EXPONENT = { float16: 0x7c00, bfloat16: 0x7f80 } as const;

export const halvesOf = (bytes: Uint8Array): Uint16Array =>
  new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);

/** Whether a code is infinite or no number. */
export function anyNotFinite(codes: Uint16Array, format: keyof typeof EXPONENT): boolean {
  const exponent = EXPONENT[format];
  let found = 0;
  for (let i = 0; i < codes.length; i++) found |= Number((codes[i]! & exponent) === exponent);
  return found === 1;
}
