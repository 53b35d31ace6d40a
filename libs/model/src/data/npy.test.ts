import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readNpy } from './npy.ts';
import { readNpz } from './npz.ts';

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name));
/** Written by NumPy 2 (numpy.savez_compressed), the format's own implementation. */
const types = await readNpz(fixture('types.npz'), 'types.npz');

describe('npy', () => {
  it.each([1, 2, 3])('reads version %i of the format', (version) => {
    const { shape, values } = readNpy(fixture(`version-${version}.npy`), 'x.npy');
    expect(shape).toEqual([2, 3]);
    expect(values).toEqual(Int32Array.of(1, 2, 3, 4, 5, 6));
  });

  it.each([
    ['b1', [1, 0, 1, 0]],
    ['u1', [0, 1, 127, 5]],
    ['i1', [0, 1, 127, -128]],
  ])('reads %s', (name, expected) => {
    expect(Array.from(types.array(name).values)).toEqual(expected);
  });

  it.each([
    ['u2', 65535],
    ['i2', -32768],
    ['u4', 4294967295],
    ['i4', -2147483648],
    ['u8', 9007199254740991],
    ['i8', -9007199254740991],
  ])('reads %s of either byte order', (name, extreme) => {
    for (const order of ['little', 'big']) {
      const { shape, values } = types.array(`${order}_${name}`);
      expect(shape).toEqual([2, 2]);
      expect(Array.from(values)).toEqual([0, 1, 7, extreme]);
    }
  });

  it.each(['f2', 'f4', 'f8'])('reads %s of either byte order, subnormal and non-finite numbers too', (name) => {
    // Chosen so that all three types hold them exactly; 5.96e-8 is the smallest half float.
    const smallest = name === 'f8' ? 5.960464477539063e-8 : Math.fround(5.960464477539063e-8);
    const expected = [0, -1.5, 0.333251953125, 6.103515625e-5, smallest, Infinity, -Infinity, NaN];
    for (const order of ['little', 'big']) expect(Array.from(types.array(`${order}_${name}`).values)).toEqual(expected);
  });

  it('reads a number without axes', () => {
    expect(types.array('scalar')).toEqual({ shape: [], values: Float64Array.of(3.5) });
  });

  it.each([
    ['fortran', /types.npz: fortran.*Fortran order. Save it again with numpy.ascontiguousarray/],
    ['text', /types.npz: text.*<U1.*astype/],
  ])('refuses an array of %s and says what to do', (name, sentence) => {
    expect(() => types.array(name)).toThrow(sentence);
  });

  it('refuses a file that is cut off at any byte', () => {
    const whole = fixture('version-1.npy');
    for (let length = 0; length < whole.length; length++) {
      expect(() => readNpy(whole.subarray(0, length), 'x.npy')).toThrow(
        expect.objectContaining({ code: 'DATA_FILE_BROKEN' }),
      );
    }
  });

  it('refuses a version that it does not know', () => {
    const changed = Buffer.from(fixture('version-1.npy'));
    changed[6] = 4;
    expect(() => readNpy(changed, 'x.npy')).toThrow(/version 4/);
  });
});
