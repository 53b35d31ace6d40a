import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, floatsOf } from './tensor.ts';

const bitsOf = (values: Float32Array): number[] => [...new Uint32Array(values.slice().buffer)];
/** Any 32 bits are a float32: signalling NaNs with payloads, denormals and −0 among them. */
const anyFloats = fc.array(fc.integer({ min: 0, max: 0xffff_ffff }), { maxLength: 50 }).map((bits) => ({
  bits,
  values: new Float32Array(new Uint32Array(bits).buffer),
}));

describe('the wire form of a tensor', () => {
  it('keeps every bit, wherever in a frame the bytes begin', () => {
    fc.assert(
      fc.property(anyFloats, fc.integer({ min: 0, max: 7 }), ({ bits, values }, shift) => {
        const frame = new Uint8Array(shift + values.byteLength);
        frame.set(bytesOf(values), shift);
        expect(bitsOf(floatsOf(frame.subarray(shift)))).toEqual(bits);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('is little-endian float32', () => {
    // IEEE 754: 1.5 = 0x3fc00000, −0 = 0x80000000.
    expect([...bytesOf(Float32Array.of(1.5, -0))]).toEqual([0, 0, 0xc0, 0x3f, 0, 0, 0, 0x80]);
  });

  it('is a view of aligned values and a copy of misaligned ones', () => {
    const values = new Float32Array(4);
    expect(bytesOf(values).buffer).toBe(values.buffer);
    const frame = new Uint8Array(17);
    expect(floatsOf(frame.subarray(4, 8)).buffer).toBe(frame.buffer);
    expect(floatsOf(frame.subarray(1, 5)).buffer).not.toBe(frame.buffer);
  });

  it('reads a misaligned Buffer as its own bytes, not as the memory that it lies in', () => {
    const pool = Buffer.alloc(64, 7);
    const frame = pool.subarray(1, 9);
    frame.set(bytesOf(new Float32Array([1.5, -2])));
    expect(floatsOf(frame)).toEqual(new Float32Array([1.5, -2]));
  });

  it('holds the bytes of a slice alone, not of the memory around it', () => {
    const whole = Float32Array.of(1, 2, 3, 4);
    expect([...floatsOf(bytesOf(whole.subarray(1, 3)))]).toEqual([2, 3]);
  });

  it.each([1, 2, 3, 5])('refuses %d bytes: no whole number of values', (length) => {
    expect(() => floatsOf(new Uint8Array(length))).toThrow('no whole number of float32 values');
  });
});
