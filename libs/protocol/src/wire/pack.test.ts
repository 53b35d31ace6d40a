import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pack, unpack } from './pack.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
/** What a control message may hold; -0 and NaN travel too, as JSON's would not. */
const control = fc.jsonValue({ maxDepth: 4 });

describe('pack', () => {
  it('gives back what was packed', () => {
    // msgpackr renames the key `__proto__`, which no message has.
    const plain = control.filter((value) => !JSON.stringify(value).includes('__proto__'));
    fc.assert(
      fc.property(plain, (value) => {
        expect(unpack(pack(value))).toEqual(value);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('writes what any msgpack library reads: maps and arrays of the specification, no records', () => {
    // By hand from the msgpack specification: fixmap of one, fixstr 'a', array of 1, true, nil.
    expect(Buffer.from(pack({ a: [1, true, null] })).toString('hex')).toBe('81a16193' + '01c3c0');
  });

  it('leaves out an optional key that is undefined, instead of writing an extension for it', () => {
    expect(unpack(pack({ a: undefined, b: [undefined, 1] }))).toEqual({ b: [null, 1] });
  });

  it('gives bytes of their own, which the next message does not overwrite', () => {
    const first = pack({ text: 'first' });
    pack({ text: 'other' });
    expect(unpack(first)).toEqual({ text: 'first' });
    expect(first.buffer.byteLength).toBe(first.byteLength);
  });

  it.each([
    ['a Float32Array, which msgpackr would truncate to bytes', new Float32Array([1.5])],
    ['bytes', new Uint8Array(3)],
    ['a Buffer', Buffer.from('abc')],
    ['a DataView', new DataView(new ArrayBuffer(8))],
    ['an ArrayBuffer', new ArrayBuffer(8)],
  ])('refuses %s, wherever it hides', (_, binary) => {
    for (const value of [binary, [binary], { deep: [{ er: binary }] }])
      expect(() => pack(value)).toThrow('binary data cannot be packed: send it as a chunk');
  });

  it('refuses a message nested deeper than any has reason to be', () => {
    let nested: unknown = 0;
    for (let depth = 0; depth < 40; depth++) nested = [nested];
    expect(() => pack(nested)).toThrow('nested deeper than 32 levels');
  });
});

describe('unpack', () => {
  it.each([
    ['nothing', ''],
    ['a truncated map', 'de0001a161'],
    ['a truncated text', 'd9ff6162'],
    ['bytes after the message', 'c0c0'],
    ['an unknown extension', 'd6720091a161'],
    ['nesting that would exhaust the stack', '91'.repeat(200_000)],
  ])('throws on %s', (_, hex) => expect(() => unpack(bytes(hex))).toThrow());

  it.each([
    ['an array of 30 million', 'dd01c9c380'],
    ['arrays of 1 million in each other', 'dd000f4240'.repeat(1000)],
    ['a map of 4 billion', 'dfffffffff'],
    ['a text of 4 GB', 'dbffffffff'],
    ['binary of 4 GB', 'c6ffffffff'],
  ])('refuses %s announced by a few bytes, without the memory', (_, hex) => {
    const before = process.memoryUsage().rss;
    expect(() => unpack(bytes(hex))).toThrow();
    expect(process.memoryUsage().rss - before).toBeLessThan(64_000_000);
  });

  it('keeps a key `__proto__` from reaching the prototype', () => {
    const value = unpack(bytes('81a95f5f70726f746f5f5f81a561646d696ec3')) as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect('admin' in value).toBe(false);
    expect('admin' in {}).toBe(false);
  });

  it('never hangs or crashes on bytes of chance: a value or an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        try {
          unpack(noise);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { seed: 2, numRuns: 2_000 },
    );
  });
});
