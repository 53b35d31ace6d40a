import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { pack } from './pack.ts';
import { Decoder, Encoder } from './parser.ts';

const EVENT = 2;
const encoder = new Encoder();

/** What a decoder makes of these frames, one after the other. */
function decode(frames: readonly unknown[]): unknown[] {
  const decoder = new Decoder();
  const packets: unknown[] = [];
  decoder.on('decoded', (packet) => packets.push(packet));
  for (const frame of frames) decoder.add(frame);
  return packets;
}
/** A header as an attacker would write it. */
const header = (...fields: unknown[]): Uint8Array => pack(fields);
const event = (places: unknown, lengths: unknown, data: unknown = ['e', null, null, null]): Uint8Array =>
  header(EVENT, '/', null, data, places, lengths);

describe('a packet', () => {
  const argument = fc.oneof(
    fc.string(),
    fc.double({ noNaN: true }),
    fc.boolean(),
    fc.constant(null),
    fc.record({ round: fc.nat(), tasks: fc.array(fc.string({ maxLength: 8 }), { maxLength: 3 }) }),
  );
  const packet = fc
    .record({
      type: fc.constantFrom(2, 3),
      nsp: fc.constant('/'),
      id: fc.option(fc.nat(), { nil: undefined }),
      plain: fc.array(argument, { maxLength: 4 }),
      binary: fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: limits.attachments }),
    })
    .map(({ type, nsp, id, plain, binary }) => {
      const data: unknown[] = ['event', ...plain, ...binary];
      return id === undefined ? { type, nsp, data } : { type, nsp, id, data };
    });

  it('arrives as it was sent, several in a row', () => {
    fc.assert(
      fc.property(fc.array(packet, { minLength: 1, maxLength: 3 }), (packets) => {
        expect(decode(packets.flatMap((one) => encoder.encode(one)))).toEqual(packets);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('brings its bytes as they lie in memory, copied on neither side', () => {
    const chunk = new Uint8Array(64);
    const frames = encoder.encode({ type: EVENT, nsp: '/', data: ['chunk', chunk] });
    expect(frames[1]).toBe(chunk);
    const [packet] = decode(frames) as { data: unknown[] }[];
    expect(packet?.data[1]).toBe(chunk);
  });

  it('keeps NaN payloads, −0 and infinities of a tensor bit by bit', () => {
    const bits = new Uint32Array([0x7fc0_0001, 0xffc0_1234, 0x8000_0000, 0x7f80_0000, 0x0000_0001]);
    const frames = encoder.encode({ type: EVENT, nsp: '/', data: ['chunk', new Uint8Array(bits.buffer)] });
    const [packet] = decode(frames) as { data: [string, Uint8Array] }[];
    expect([...new Uint32Array(packet!.data[1].slice().buffer)]).toEqual([...bits]);
  });

  it('carries an argument left out as null, and refuses bytes hidden inside an argument', () => {
    const frames = encoder.encode({ type: EVENT, nsp: '/', data: ['e', undefined, 1] });
    expect(decode(frames)).toEqual([{ type: EVENT, nsp: '/', data: ['e', null, 1] }]);
    const hidden = { type: EVENT, nsp: '/', data: ['e', { tensor: new Float32Array(2) }] };
    expect(() => encoder.encode(hidden)).toThrow('binary data cannot be packed');
  });

  it('of a connection or its end needs no arguments', () => {
    for (const packet of [
      { type: 0, nsp: '/', data: { token: 'x' } },
      { type: 0, nsp: '/' },
      { type: 1, nsp: '/' },
    ])
      expect(decode(encoder.encode(packet))).toEqual([packet]);
  });
});

describe('a hostile frame closes the connection', () => {
  it.each<[string, unknown[], string]>([
    ['text instead of bytes', ['2["e"]'], 'a text frame is not part of this protocol'],
    ['an object', [{ length: 4 }], 'a text frame is not part of this protocol'],
    ['a header over its limit', [new Uint8Array(limits.controlBytes + 1)], 'a header frame is too large'],
    ['a header that is no list', [pack({ type: 2 })], 'no valid form'],
    ['a header of five fields', [header(EVENT, '/', null, ['e'], [])], 'no valid form'],
    ['a type past the last', [header(5, '/', null, ['e'], [], [])], 'no valid type'],
    ['a type that is no number', [header('2', '/', null, ['e'], [], [])], 'no valid type'],
    ['a fractional type', [header(1.5, '/', null, ['e'], [], [])], 'no valid type'],
    ['a namespace of 4 KB', [header(EVENT, 'n'.repeat(4096), null, ['e'], [], [])], 'no valid namespace'],
    ['a negative id', [header(EVENT, '/', -1, ['e'], [], [])], 'no valid id'],
    ['an event without a list', [header(EVENT, '/', null, { 0: 'e', length: 1 }, [], [])], 'no valid arguments'],
    ['an event without a name', [header(EVENT, '/', null, [7], [], [])], 'no valid event name'],
    ['an acknowledgement of text', [header(3, '/', 1, 'x', [], [])], 'no valid arguments'],
    ['connect data that is a list', [header(0, '/', null, ['x'], [], [])], 'no valid connect data'],
    ['binary places that are no list', [event({ length: 1 }, [4])], 'no valid binary list'],
    ['more places than lengths', [event([1, 2], [4])], 'no valid binary list'],
    ['too many attachments', [event([1, 2, 3], [4, 4, 4])], 'no valid count of binary arguments'],
    ['a place past the arguments', [event([4], [4])], 'no valid binary place'],
    ['a place that is a key of the prototype', [event(['__proto__'], [4])], 'no valid binary place'],
    ['one place named twice', [event([1, 1], [4, 4])], 'no valid binary place'],
    ['binary arguments of a connect packet', [header(0, '/', null, {}, [0], [4])], 'no valid binary place'],
    ['a length past a chunk', [event([1], [limits.chunkBytes + 1])], 'no valid binary length'],
    ['a negative length', [event([1], [-4])], 'no valid binary length'],
    ['an infinite length', [event([1], [Infinity])], 'no valid binary length'],
    ['a chunk shorter than announced', [event([1], [4]), new Uint8Array(3)], 'not have its announced length'],
    ['a chunk longer than announced', [event([1], [4]), new Uint8Array(5)], 'not have its announced length'],
    ['text where a chunk is due', [event([1], [4]), 'abcd'], 'a text frame is not part of this protocol'],
  ])('%s', (_, frames, reason) => expect(() => decode(frames)).toThrow(reason));

  it('and of what it announces nothing is allocated: a refusal costs less than a chunk', () => {
    const decoder = new Decoder();
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 200; i++) {
      expect(() => decoder.add(event([1], [2 ** 40]))).toThrow('no valid binary length');
      decoder.add(event([1], [limits.chunkBytes]));
      decoder.destroy();
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(limits.chunkBytes);
  });

  it('bytes of chance give an error or one packet, never a packet with a hole', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        let packets: unknown[] = [];
        try {
          packets = decode([noise]);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
        for (const packet of packets as { type: unknown; nsp: unknown }[])
          expect([typeof packet.type, typeof packet.nsp]).toEqual(['number', 'string']);
      }),
      { seed: 3, numRuns: 2_000 },
    );
  });
});

it('a decoder that was destroyed half-way begins anew with a header', () => {
  const decoder = new Decoder();
  const heard: unknown[] = [];
  decoder.on('decoded', (packet) => heard.push(packet));
  decoder.add(event([1], [4]));
  decoder.destroy();
  for (const frame of encoder.encode({ type: EVENT, nsp: '/', data: ['next'] })) decoder.add(frame);
  expect(heard).toEqual([{ type: EVENT, nsp: '/', data: ['next'] }]);
});
