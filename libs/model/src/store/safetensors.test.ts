import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type TensorFile } from './index.ts';

/** Written by safetensors 0.8.0 for Python (safetensors.numpy.save) from the same tensors and metadata. */
const PYTHON = Buffer.from(
  'sAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJydW4iOiJob3NwaXRhbHMifSwiYSI6eyJkdHlwZSI6Ikk2NCIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzAsMTZdfSwiMC/DvCI6eyJkdHlwZSI6IkY2NCIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzE2LDI0XX0sImIiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzIsM10sImRhdGFfb2Zmc2V0cyI6WzI0LDQ4XX0sImMiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzAsM10sImRhdGFfb2Zmc2V0cyI6WzQ4LDQ4XX0sIjEwIjp7ImR0eXBlIjoiVTMyIiwic2hhcGUiOlsxXSwiZGF0YV9vZmZzZXRzIjpbNDgsNTJdfSwiZCI6eyJkdHlwZSI6IkkzMiIsInNoYXBlIjpbXSwiZGF0YV9vZmZzZXRzIjpbNTIsNTZdfSwiZSI6eyJkdHlwZSI6IlU4Iiwic2hhcGUiOlszXSwiZGF0YV9vZmZzZXRzIjpbNTYsNTldfX0gICAgICABAAAAAAAAAP7/////////mpmZmZmZuT8AAMA/AAAAgAAAwH8AAIB/AQAAAP//f3//////BwAAAAEC/w==',
  'base64',
);
const FILE: TensorFile = {
  tensors: {
    b: { shape: [2, 3], values: Float32Array.of(1.5, -0, NaN, Infinity, 1e-45, 3.4028234663852886e38) },
    a: { shape: [2], values: BigInt64Array.of(1n, -2n) },
    '0/ü': { shape: [1], values: Float64Array.of(0.1) },
    c: { shape: [0, 3], values: new Float32Array(0) },
    d: { shape: [], values: Int32Array.of(7) },
    e: { shape: [3], values: Uint8Array.of(1, 2, 255) },
    '10': { shape: [1], values: Uint32Array.of(4294967295) },
  },
  metadata: { run: 'hospitals' },
};

/** A file with this header and so many bytes after it. */
function fileOf(header: unknown, data = 0, announced?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, announced ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}
const entry = (begin: number, end: number, shape = [(end - begin) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('encodeSafetensors', () => {
  it('writes the bytes that Python writes', () => {
    expect(Buffer.from(encodeSafetensors(FILE)).equals(PYTHON)).toBe(true);
  });

  it('does not depend on the order of tensors and texts', () => {
    const turned = (record: object) => Object.fromEntries(Object.entries(record).reverse());
    const file = { ...FILE, metadata: { x: '1', a: '2' } };
    const other = { tensors: turned(FILE.tensors), metadata: turned(file.metadata) } as TensorFile;
    expect(encodeSafetensors(other)).toEqual(encodeSafetensors(file));
  });

  it.each<[string, TensorFile['tensors']]>([
    ['a shape that does not fit', { a: { shape: [3], values: new Float32Array(2) } }],
    ['the name of the metadata', { __metadata__: { shape: [2], values: new Float32Array(2) } }],
    ['a type without a name', { a: { shape: [2], values: new Uint8ClampedArray(2) as never } }],
  ])('refuses %s', (_, tensors) => {
    expect(() => encodeSafetensors({ tensors, metadata: {} })).toThrow('cannot be saved');
  });
});

describe('decodeSafetensors', () => {
  it('reads what Python wrote, from any place in memory', () => {
    const shifted = new Uint8Array(PYTHON.length + 3);
    shifted.set(PYTHON, 3);
    expect(decodeSafetensors(shifted.subarray(3))).toEqual(FILE);
  });

  it('gives the same arrays from a Buffer, as files are read, as from plain bytes', () => {
    const file = encodeSafetensors({
      tensors: {
        a: { shape: [2], values: new Float32Array([1, 2]) },
        b: { shape: [1], values: new Float32Array([3]) },
      },
      metadata: {},
    });
    expect(decodeSafetensors(Buffer.from(file))).toEqual(decodeSafetensors(file));
    expect(decodeSafetensors(Buffer.from(file)).tensors['b']!.values).toHaveLength(1);
  });

  it('gives copies', () => {
    const bytes = encodeSafetensors(FILE);
    const { tensors } = decodeSafetensors(bytes);
    bytes.fill(0);
    expect(tensors).toEqual(FILE.tensors);
  });

  it('notices every cut and an appended byte', () => {
    for (let length = 0; length < PYTHON.length; length++) {
      expect(() => decodeSafetensors(PYTHON.subarray(0, length)), `${length}`).toThrow('is damaged');
    }
    expect(() => decodeSafetensors(Buffer.concat([PYTHON, Buffer.of(0)]))).toThrow('expected 499');
  });

  it.each<[string, Uint8Array, string]>([
    ['a length beyond the file', fileOf({}, 0, 2n ** 63n), 'at most 2 are possible'],
    ['a length beyond 100 MB', fileOf({}, 0, 100_000_001n), 'announces a header'],
    ['no object', fileOf('[]'), 'does not begin with {'],
    ['a byte order mark', fileOf('\uFEFF{}'), 'does not begin with {'],
    ['bytes that are no UTF-8', fileOf({}).fill(0xff, 9, 10), 'header is not readable'],
    ['no JSON', fileOf('{"a"'), 'header is not readable'],
    ['metadata that are no texts', fileOf({ __metadata__: { a: 1 } }), 'metadata are not texts'],
    ['an unknown type', fileOf({ a: entry(0, 4, [2], 'F16') }, 4), 'the type is none of U64, I64'],
    ['an unknown key', fileOf({ a: { ...entry(0, 4), more: 1 } }, 4), 'tensor `a`'],
    ['a missing key', fileOf({ a: { dtype: 'F32', shape: [1] } }, 4), 'data_offsets'],
    ['a negative side', fileOf({ a: entry(0, 4, [-1, -1]) }, 4), 'shape'],
    ['a fractional side', fileOf({ a: entry(0, 4, [0.5, 2]) }, 4), 'shape'],
    ['a shape whose product leaves the integers', fileOf({ a: entry(0, 4, [2 ** 52, 2 ** 52]) }, 4), 'takes 8'],
    ['a shape that does not fit', fileOf({ a: entry(0, 8, [3]) }, 8), 'has 8 bytes; its shape [3] takes 12'],
    ['offsets in the wrong order', fileOf({ a: entry(4, 0, []) }, 4), 'has -4 bytes'],
    ['an overlap', fileOf({ a: entry(0, 8), b: entry(4, 12) }, 12), 'tensor `b` begins at byte 4; expected 8'],
    ['the same bytes twice', fileOf({ a: entry(0, 4), b: entry(0, 4) }, 4), 'begins at byte 0; expected 4'],
    ['a gap', fileOf({ a: entry(0, 4), b: entry(8, 12) }, 12), 'begins at byte 8; expected 4'],
    ['bytes that no tensor names', fileOf({ a: entry(0, 4) }, 8), 'is damaged'],
    ['a tensor beyond the end', fileOf({ a: entry(0, 4e9) }, 4), 'is damaged'],
  ])('refuses %s', (_, bytes, problem) => {
    expect(() => decodeSafetensors(bytes, 'x.safetensors')).toThrow(problem);
    expect(() => decodeSafetensors(bytes, 'x.safetensors')).toThrow(
      expect.objectContaining({ code: 'SNAPSHOT_BROKEN', exit: 51 }),
    );
  });

  it('never throws anything but SNAPSHOT_BROKEN for a changed byte, and none is out of bounds', () => {
    fc.assert(
      fc.property(fc.nat(PYTHON.length - 1), fc.nat(255), (place, value) => {
        const bytes = Uint8Array.from(PYTHON);
        bytes[place] = value;
        try {
          const { tensors } = decodeSafetensors(bytes);
          const total = Object.values(tensors).reduce((sum, { values }) => sum + values.byteLength, 0);
          expect(total).toBe(59);
        } catch (error) {
          expect(error).toMatchObject({ code: 'SNAPSHOT_BROKEN' });
        }
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});
