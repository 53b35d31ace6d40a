import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Decoder, Encoder } from '@trunkline/protocol';

interface Vector {
  readonly name: string;
  readonly why: string;
  /** What it is refused with. */
  readonly refusal: string;
  readonly frame: readonly { readonly hex: string; readonly times: number }[];
}
const { frames } = JSON.parse(readFileSync(new URL('vectors/killer-frames.json', import.meta.url), 'utf8')) as {
  frames: Vector[];
};
const bytesOf = ({ frame }: Vector): Uint8Array =>
  Buffer.concat(frame.map(({ hex, times }) => Buffer.from(hex.repeat(times), 'hex')));

describe('a frame that ended or blocked a decoder is refused before anything is made of it', () => {
  it.each(frames.map((vector) => [vector.name, vector] as const))('%s', (_, vector) => {
    const bytes = bytesOf(vector);
    const decoder = new Decoder();
    let heard = 0;
    decoder.on('decoded', () => heard++);
    const before = process.memoryUsage().rss;
    const begun = performance.now();
    expect(() => decoder.add(bytes)).toThrow(vector.refusal);
    expect(performance.now() - begun).toBeLessThan(50);
    expect(process.memoryUsage().rss - before).toBeLessThan(32_000_000);
    expect(heard).toBe(0);
  });

  it('and the same header around an honest value is taken', () => {
    const decoder = new Decoder();
    const heard: unknown[] = [];
    decoder.on('decoded', (packet) => heard.push(packet));
    decoder.add(Buffer.from('9602a12fc092a165c09090', 'hex'));
    for (const frame of new Encoder().encode({ type: 2, nsp: '/', data: ['e', { deep: [[[['x']]]] }] }))
      decoder.add(frame);
    expect(heard).toEqual([
      { type: 2, nsp: '/', data: ['e', null] },
      { type: 2, nsp: '/', data: ['e', { deep: [[[['x']]]] }] },
    ]);
  });
});
